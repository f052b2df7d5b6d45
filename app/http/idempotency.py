"""`Idempotency-Key`: the same key and body within a day give the same answer, a different body is a conflict.

The answer is stored in the transaction of the call itself. So either both are there or neither is, and a second
request that arrives meanwhile waits for the first one's commit.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Response, request

from app.core import tenancy
from app.core.clock import now
from app.core.settings import settings
from app.core.transaction import transaction
from app.errors import BadRequest, Conflict
from app.http import uploads
from app.http.json import dumps, loads
from app.repositories import idempotency_records

_KEY = re.compile(r"[!-~]{1,255}")
# How long a key whose call was never answered, because its process died, stays taken.
_LONGEST_WAIT = timedelta(minutes=2)
_KEPT_HEADERS = ("Content-Type", "Location")


@dataclass(frozen=True)
class _Place:
    company_id: UUID | None
    caller: str
    key: str


class StillAtIt(Conflict):
    """The first request under this key has not been answered yet."""

    code = "idempotency_key_in_use"
    detail = "The first request with this Idempotency-Key is still being worked on. Try again in a moment."


class IdempotencyKeyReused(Conflict):
    """The key came with another request before."""

    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for a different request. Use a new key."


def answer_once_after_waiting(caller: str, company_id: UUID | None, call: Callable[[], Response]) -> Response:
    """The same for a call that opens transactions of its own: the key is taken before it, and the answer stored after
    it. Whoever comes with the key meanwhile is refused; after a refusal, or a bug, the key is free again."""
    if request.headers.get("Idempotency-Key") is None or request.method != "POST":
        return call()
    at = _place(caller, company_id)
    with transaction():
        tenancy.enter_company(company_id)
        earlier = _take(at, now() + _LONGEST_WAIT, may_be_answering=True)
    if earlier is not None:
        return earlier
    try:
        response = call()
    except BaseException:
        with transaction():
            tenancy.enter_company(company_id)
            idempotency_records.remove(**asdict(at))
        raise
    with transaction():
        _store(at, response)
        idempotency_records.keep_until(**asdict(at), expires_at=_expiry())
    return response


def answer_once(caller: str, company_id: UUID | None, call: Callable[[], Response]) -> Response:
    """Runs `call`, or gives again the answer that this caller got under the same key."""
    if request.headers.get("Idempotency-Key") is None or request.method != "POST":
        return call()
    at = _place(caller, company_id)
    tenancy.enter_company(company_id)
    earlier = _take(at, _expiry())
    if earlier is not None:
        return earlier
    response = call()
    _store(at, response)
    return response


def _place(caller: str, company_id: UUID | None) -> _Place:
    key = request.headers["Idempotency-Key"]
    if not _KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key must have 1 to 255 visible ASCII characters, without spaces.")
    return _Place(company_id, caller, key)


def _expiry() -> datetime:
    return now() + timedelta(hours=settings().idempotency_hours)


def _take(at: _Place, expires_at: datetime, *, may_be_answering: bool = False) -> Response | None:
    """Takes the key, or gives the answer that was given under it. Where a key without an answer `may_be_answering`,
    raises `StillAtIt` for one; elsewhere its call was refused and kept what it wrote (a failed login)."""
    if idempotency_records.claim(**asdict(at), fingerprint=_fingerprint(), expires_at=expires_at):
        return None
    earlier = _earlier_answer(at, may_be_answering)
    if earlier is None:
        idempotency_records.remove(**asdict(at))
        idempotency_records.claim(**asdict(at), fingerprint=_fingerprint(), expires_at=expires_at)
    return earlier


def _store(at: _Place, response: Response) -> None:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    tenancy.enter_company(at.company_id)  # the call may have entered another one: a sign-up, a super admin
    idempotency_records.store_answer(
        **asdict(at), status=response.status_code, headers=dumps(headers), body=response.get_data(as_text=True)
    )


def _earlier_answer(at: _Place, may_be_answering: bool) -> Response | None:
    record = idempotency_records.find(**asdict(at))
    if record is None or record.expires_at <= now() or (record.status is None and not may_be_answering):
        return None
    if record.fingerprint != _fingerprint():
        raise IdempotencyKeyReused
    if record.status is None:
        raise StillAtIt
    response = Response(record.body, status=record.status, headers=loads(record.headers or "{}"))
    response.headers["Idempotent-Replay"] = "true"
    return response


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype == "multipart/form-data":
        # The boundary differs at every attempt; the parts don't.
        for name, value in sorted(request.form.items(multi=True)):
            digest.update(f"{name}={value}\n".encode())
        received = uploads.fingerprints()
        if received is not None:  # files that are on disk already, and too large to be read again here
            digest.update("".join(received).encode())
            return digest.hexdigest()
        for name, upload in sorted(request.files.items(multi=True), key=lambda item: item[0]):
            digest.update(f"{name}:{upload.filename}\n".encode() + hashlib.sha256(upload.read()).digest())
            upload.seek(0)
    else:
        digest.update(request.get_data(cache=True))
    return digest.hexdigest()
