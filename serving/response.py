"""How answers are headed: without the name of the server, and with a farewell where the connection is going to end."""

from gunicorn.http import wsgi

# Unread remainder of a body that is read and thrown away to keep the connection; gunicorn's thread worker has the same.
DISCARDED_BODY_BYTES = 64 * 1024

_stopping = False


class FrontdeskResponse(wsgi.Response):
    """gunicorn's response with two changes to its header fields."""

    def default_headers(self) -> list[str]:
        # gunicorn decides when a request begins. A request that was running when the stop came, or whose body nobody
        # wants, would promise keep-alive, and its client would send the next one to a connection that is about to end.
        if _stopping or self._left_unread() > DISCARDED_BODY_BYTES:
            self.force_close()
        # The Server field only tells attackers which advisories to read.
        return [line for line in super().default_headers() if not line.startswith("Server:")]

    def _left_unread(self) -> int:
        """Bytes of the request's body that the application hasn't read; 0 where the client didn't say how many come."""
        return int(getattr(self.req.body.reader, "length", 0))


def install() -> None:
    """Makes gunicorn answer with FrontdeskResponse: there is no setting for it, it looks the class up by this name."""
    wsgi.Response = FrontdeskResponse


def close_connections_from_now_on() -> None:
    """Every answer that begins after this call says `Connection: close`."""
    global _stopping  # noqa: PLW0603 - a worker process stops once
    _stopping = True
