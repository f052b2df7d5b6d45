"""Whether the application is ready, and what it says is missing."""

from __future__ import annotations

import http.client
import json

_SECONDS = 5.0


class Readiness:
    """Asks the web process. missing: what it said last, to show when it doesn't get ready."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.missing = ""

    def is_ready(self) -> bool:
        """Whether everything is there that answers need."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            self.missing = "" if answer.status == 200 else _missing(answer.read())
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _missing(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return "; ".join(f"{check['name']}: {check['detail']}" for check in checks if not check["ok"])
    except (ValueError, KeyError, TypeError):  # somebody else's server
        return ""
