"""Answers under an `Idempotency-Key`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.ids import new_id
from app.core.transaction import session
from app.models.idempotency_record import IdempotencyRecord
from app.repositories.changes import changed_rows
from app.repositories.ownership import owned_by


def claim(*, company_id: UUID | None, caller: str, key: str, fingerprint: str, expires_at: datetime) -> bool:
    """Takes the key for this request. False when it was taken before; waits for a request that is taking it now."""
    statement = insert(IdempotencyRecord).values(
        id=new_id(), company_id=company_id, caller=caller, key=key, fingerprint=fingerprint, expires_at=expires_at
    )
    return changed_rows(statement.on_conflict_do_nothing(index_elements=["caller", "key"])) == 1


def find(*, company_id: UUID | None, caller: str, key: str) -> IdempotencyRecord | None:
    """The record of a key that was taken."""
    statement = select(IdempotencyRecord).where(
        owned_by(IdempotencyRecord, company_id), IdempotencyRecord.caller == caller, IdempotencyRecord.key == key
    )
    return session().scalars(statement).first()


def store_answer(*, company_id: UUID | None, caller: str, key: str, status: int, headers: str, body: str) -> None:
    """Keeps the answer for those who ask again."""
    statement = (
        update(IdempotencyRecord)
        .where(
            owned_by(IdempotencyRecord, company_id), IdempotencyRecord.caller == caller, IdempotencyRecord.key == key
        )
        .values(status=status, headers=headers, body=body)
    )
    session().execute(statement)


def keep_until(*, company_id: UUID | None, caller: str, key: str, expires_at: datetime) -> None:
    """Says for how long an answer is kept."""
    statement = (
        update(IdempotencyRecord)
        .where(
            owned_by(IdempotencyRecord, company_id), IdempotencyRecord.caller == caller, IdempotencyRecord.key == key
        )
        .values(expires_at=expires_at)
    )
    session().execute(statement)


def remove(*, company_id: UUID | None, caller: str, key: str) -> None:
    """Frees a key."""
    statement = delete(IdempotencyRecord).where(
        owned_by(IdempotencyRecord, company_id), IdempotencyRecord.caller == caller, IdempotencyRecord.key == key
    )
    session().execute(statement)


def delete_expired_across_companies(moment: datetime) -> int:
    """Forgets old answers. Returns how many."""
    return changed_rows(delete(IdempotencyRecord).where(IdempotencyRecord.expires_at < moment))
