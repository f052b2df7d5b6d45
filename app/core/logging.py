"""Structured logs: one JSON object a line, with the request id, and without secrets."""

import logging
import re
import sys
from contextvars import ContextVar

from pythonjsonlogger.orjson import OrjsonFormatter

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Whatever else is logged, these never are: our own keys and those of models, tokens, passwords in URLs, and what stands
# behind a name that says secret. A log line is JSON, so quotes may have backslashes before them, and a text inside of
# a text has more of them. Everything is bounded: a line must not take longer than its length allows.
_NAME = r"(?i:passw(?:or)?d|passphrase|secret(?:[_-]keys?)?|[_-]hash|token|api[_-]?key|cookie)"
_QUOTE = r"\\{0,7}[\"']"
_SECRETS = re.compile(
    r"(?P<own>\bfds_)[\w-]+"
    r"|(?P<model>\bsk-)[\w-]{16,}"
    r"|(?P<jwt>\beyJ)[\w-]{6}[\w.-]+"
    r"|(?P<bearer>(?i:bearer)\s{1,8})[\w.~+/=-]+"
    rf"|(?P<scheme>(?i:authorization)(?:{_QUOTE})?\s{{0,8}}[:=]\s{{0,8}}(?:{_QUOTE})?\w{{1,20}}\s)[^\s\"'\\]+"
    r"|(?P<url>://[^:/\s@\"']{0,200}:)[^@\s\"']{1,500}(?=@)"
    rf"|(?P<quoted>{_NAME}(?:{_QUOTE})?\s{{0,8}}[:=]\s{{0,8}}(?P<quote>[\"']))(?:(?!(?P=quote))(?:\\.|[^\\]))+"
    rf"|(?P<nested>{_NAME}(?:{_QUOTE})?\s{{0,8}}[:=]\s{{0,8}}(?P<slashed>\\{{1,7}}[\"']))"
    r"(?:(?!(?<!\\)(?P=slashed))(?:\\.|[^\\\"]))+"
    rf"|(?P<bare>{_NAME}\s{{0,8}}[:=]\s{{0,8}})(?:[^\s\"'&;,}}\\]|,(?=[^\s\"']))+"
)
# Most lines have none of these, and looking for them costs a twentieth of the pattern.
_HINTS = (
    "secret",
    "token",
    "passw",
    "passphrase",
    "key",
    "cookie",
    "hash",
    "bearer",
    "authoriz",
    "://",
    "eyj",
    "fds_",
    "sk-",
)


def mask(text: str) -> str:
    """`text` with everything that looks like a credential replaced by stars."""
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text
    return _SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}***", text)


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
    # Celery tells of each task that it came and that it went well: at hundreds a second that costs more than the tasks.
    for noisy in ("kombu", "amqp", "redbeat", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
