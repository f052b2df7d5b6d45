"""The web process. `gunicorn` serves `application` with the settings of gunicorn.conf.py."""

from serving.boot import boot

boot()  # before everything else: in eventlet mode it replaces sockets, locks and clocks

import os  # noqa: E402

from app import create_app  # noqa: E402
from app.core import garbage, patience  # noqa: E402
from app.core import offload as core_offload  # noqa: E402
from app.realtime.seats import seats  # noqa: E402
from app.sockets import drain  # noqa: E402
from serving.boot import AsyncMode, booted_mode  # noqa: E402
from serving.offload import offload  # noqa: E402

core_offload.register(offload)
if booted_mode() is AsyncMode.EVENTLET:
    from serving.green_wait import wait

    patience.register(wait)
else:
    # Here each listener keeps a thread to itself (gunicorn.conf.py has as many); requests need some, too.
    seats.limit(max(1, int(os.environ.get("WEB_THREADS") or 64) * 3 // 4))

application = create_app()
application.drain = drain  # serving.draining calls it when the process is asked to stop
garbage.spare_what_is_loaded()
