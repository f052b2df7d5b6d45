"""Whose rows may be seen: the company of the running transaction.

Two walls stand on it. Postgres compares every row of a company-owned table with the transaction-local setting
`app.company_id` (row-level security), and the ORM refuses statements on such tables that name no company
(`app.core.guard`). `across_companies` is the one opt-out of both; grep for it to list every use.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from app.core.ids import PLATFORM
from app.core.transaction import is_single_statement, session

ACROSS = "across_companies"
_COMPANY = "company_id"
_ENTERING = "SELECT set_config('app.company_id', CAST(:company AS text), true); "
_SET = text("SELECT set_config(:name, :value, true)")


def enter_company(company_id: UUID | None) -> None:
    """Opens the running transaction for one company's rows and closes it for all others.

    None stands for the platform: the rows that belong to no company.
    """
    session().execute(_SET, {"name": "app.company_id", "value": str(company_id or PLATFORM)})
    note_company(company_id)


def entering() -> str:
    """What a statement begins with that may be a transaction by itself: there it enters the parameter `company`, for
    this statement alone. Nothing inside of others, which have entered theirs."""
    return _ENTERING if is_single_statement() else ""


def has_entered(company_id: UUID | None) -> bool:
    """Whether the running transaction is open for this company (for the platform's rows, for None)."""
    noted = session().info
    return _COMPANY in noted and noted[_COMPANY] == company_id


def note_company(company_id: UUID | None) -> None:
    """Remembers the company that Postgres has been told already (by the functions that check credentials)."""
    session().info[_COMPANY] = company_id


@contextmanager
def across_companies(reason: str) -> Iterator[None]:
    """Sees every company's rows while the block runs. `reason` is for the reader of the code.

    For the platform's own work: super admins' lists, finding a user by e-mail, sweeps.
    """
    current = session()
    outer = current.info.get(ACROSS)
    current.execute(_SET, {"name": "app.across_companies", "value": "on"})
    current.info[ACROSS] = reason
    try:
        yield
        current.flush()
    finally:
        current.info[ACROSS] = outer
        if outer is None and current.is_active:
            # Where Postgres has gone or refuses the transaction, it ends, and the setting with it: the block's own
            # error says what happened.
            with suppress(PendingRollbackError, DBAPIError):
                current.execute(_SET, {"name": "app.across_companies", "value": "off"})
