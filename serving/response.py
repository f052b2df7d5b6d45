"""How answers are headed: without the name of the server, and with a farewell once it is stopping."""

from gunicorn.http import wsgi

_stopping = False


class FrontdeskResponse(wsgi.Response):
    """gunicorn's response with two changes to its header fields."""

    def default_headers(self) -> list[str]:
        if _stopping:
            # gunicorn decides when a request begins. A request that was running when the stop came would promise
            # keep-alive, and its client would send the next one to a process that is about to end.
            self.force_close()
        # The Server field only tells attackers which advisories to read.
        return [line for line in super().default_headers() if not line.startswith("Server:")]


def install() -> None:
    """Makes gunicorn answer with FrontdeskResponse: there is no setting for it, it looks the class up by this name."""
    wsgi.Response = FrontdeskResponse


def close_connections_from_now_on() -> None:
    """Every answer that begins after this call says `Connection: close`."""
    global _stopping  # noqa: PLW0603 - a worker process stops once
    _stopping = True
