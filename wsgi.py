"""The web process. `gunicorn` serves `application` with the settings of gunicorn.conf.py."""

from serving.boot import boot

boot()  # before everything else: in eventlet mode it replaces sockets, locks and clocks

from app import create_app  # noqa: E402
from app.core import offload as core_offload  # noqa: E402
from serving.offload import offload  # noqa: E402

core_offload.register(offload)

application = create_app()
