"""The web process. `gunicorn` serves `application` with the settings of gunicorn.conf.py."""

from serving.boot import boot

boot()  # before everything else: in eventlet mode it replaces sockets, locks and clocks

import gc  # noqa: E402
import os  # noqa: E402

from app import create_app  # noqa: E402
from app.core import offload as core_offload  # noqa: E402
from app.core import patience  # noqa: E402
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

# A full garbage collection stops every client of the process. By default one comes whenever a quarter of the long-lived
# objects are new (with 2,000 listeners: 0.8 s, again and again while they connect), and it goes over the whole
# application each time. What is here now stays anyway; the rest waits for about 500,000 new objects.
gc.collect()
gc.freeze()
gc.set_threshold(1_000, 10, 50)
