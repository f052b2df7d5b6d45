"""The web process. `gunicorn` serves `application` with the settings of gunicorn.conf.py."""

from serving.boot import boot

boot()  # before everything else: in eventlet mode it replaces sockets, locks and clocks

from app import create_app  # noqa: E402
from app.core import offload as core_offload  # noqa: E402
from app.core import patience  # noqa: E402
from serving.boot import AsyncMode, booted_mode  # noqa: E402
from serving.offload import offload  # noqa: E402

core_offload.register(offload)
if booted_mode() is AsyncMode.EVENTLET:
    from serving.green_wait import wait

    patience.register(wait)

application = create_app()
