"""Structured logs: one JSON object a line, with the request id, and without secrets."""

import logging
import re
import sys
from contextvars import ContextVar

from pythonjsonlogger.orjson import OrjsonFormatter

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Whatever else is logged, these never are: our own keys, bearer tokens, passwords in URLs, e-mailed links.
_SECRETS = re.compile(
    r"(?P<key>fds_[\w-]{8})[\w-]+"
    r"|(?P<bearer>Bearer\s+)[\w.~+/=-]+"
    r"|(?P<jwt>\beyJ[\w-]{6})[\w.-]+"
    r"|(?P<url>://[^:/\s@]+:)[^@\s]+(?=@)"
    r"|(?P<field>(?i:password|secret|token)[\"']?\s*[:=]\s*[\"']?)[^\s\"',}&]+"
)


def mask(text: str) -> str:
    """`text` with everything that looks like a credential cut short."""
    return _SECRETS.sub(lambda found: next(part for part in found.groups() if part) + "***", text)


class _Masking(OrjsonFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class _WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


def configure(level: str) -> None:
    """Sends every log of the process to standard error as masked JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_WithRequestId())
    handler.setFormatter(
        _Masking(
            ["asctime", "levelname", "name", "message", "request_id"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("kombu", "amqp", "redbeat"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
