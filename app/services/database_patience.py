"""What workers do while Postgres is away: what a model took its time for is not thrown away for a restart."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

Result = TypeVar("Result")

_STORE_SECONDS = 30.0
_STORE_PAUSE = 0.5


def when_database_is_back(action: Callable[[], Result]) -> Result:
    """Runs a transaction, again and again while Postgres is away, for half a minute at most."""
    end = time.monotonic() + _STORE_SECONDS
    while True:
        try:
            return action()
        except (DBAPIError, PoolTimeout) as error:
            if not is_away(error) or time.monotonic() > end:
                raise
            time.sleep(_STORE_PAUSE)


def is_away(error: DBAPIError | PoolTimeout) -> bool:
    """Whether it is Postgres that isn't there, and not a mistake of ours."""
    if isinstance(error, PoolTimeout):
        return True
    # Errors that the server itself gives have a code; 57P01 to 57P03: it is stopping or starting.
    code = getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or code is None or code.startswith("57P")
