"""The pool of connections to Postgres."""

import time

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

# However fast others get theirs: by then the caller has given up, too.
_LONGEST_SECONDS = 15.0


class PatientPool(QueuePool):
    """Who waits is refused once no connection has come back for `timeout` seconds: Postgres hangs, or those who have
    them do. Many who ask at the same moment are no reason: 200 messages, posted at once on a busy machine, were each
    answered in milliseconds, and the last ones refused because there were so many before them.
    """

    _returned = 0

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if record.dbapi_connection is not None:  # one that broke is no sign that the others will come back
            self._returned += 1
        super()._do_return_conn(record)

    def _do_get(self) -> ConnectionPoolEntry:
        end = time.monotonic() + max(self._timeout, _LONGEST_SECONDS)
        while True:
            before = self._returned
            try:
                return super()._do_get()
            except PoolTimeout:
                if self._returned == before or time.monotonic() > end:
                    raise
