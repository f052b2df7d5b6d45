"""What has to be counted again, and when."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base, one_of


class Family(StrEnum):
    """What is counted together, since it comes from the same rows."""

    # Authenticated calls of the API.
    CALLS = "calls"
    # Conversations, messages, turns, calls to models, unanswered questions.
    ANSWERS = "answers"
    LEADS = "leads"


class Span(StrEnum):
    """How long a bucket is. Quarters of an hour, since every time zone begins its days at one; days are UTC's."""

    QUARTER = "quarter"
    DAY = "day"


class RollupMark(Base):
    """Rows of this company and time have changed. Triggers add marks in the transaction of the change; nothing is
    unique, so that writers never wait for each other. No foreign key: rows of a company may go together with it."""

    __tablename__ = "rollup_marks"
    __table_args__ = (
        one_of("family", Family),
        one_of("span", Span),
        Index("ix_rollup_marks_company_id", "company_id", "span", "at"),
        DERIVED,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    company_id: Mapped[UUID]
    family: Mapped[str]
    span: Mapped[str]
    # The bucket's beginning. A day is counted once it is over.
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
