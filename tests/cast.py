"""The people of the tests: acme's Alice (admin), Bob (member), Sam (supporter) and Vera (visitor); globex's Charlie
(admin, the stranger); Root (super admin)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.core.crypto import keyring
from app.models.api_key import ApiKey
from app.models.company import Company
from app.models.lead import Lead
from app.models.user import Role, User
from app.models.user_session import UserSession
from app.security import api_keys, passwords, tokens

PASSWORD = "correct horse battery"

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody with a token. `headers` sign their calls."""

    id: UUID
    company_id: UUID | None
    email: str
    token: str
    session_id: UUID | None

    @property
    def headers(self) -> Headers:
        """Headers with the access token."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Cast:
    """Everybody, and a way to make API keys."""

    database: Session
    acme: UUID
    globex: UUID
    alice: Person
    bob: Person
    sam: Person
    vera: Person
    charlie: Person
    root: Person

    def key(
        self,
        maker: Person,
        *scopes: str,
        permissions: dict[str, list[str]] | None = None,
        expires_at: datetime | None = None,
        revoked_at: datetime | None = None,
    ) -> Headers:
        """Headers of a new API key of the maker's company."""
        fresh = api_keys.generate()
        self.database.add(
            ApiKey(
                company_id=maker.company_id,
                key=fresh.key,
                secret_hash=keyring().keyed_hash(fresh.secret),
                name="test key",
                scopes=list(scopes),
                permissions=permissions,
                created_by=maker.id,
                expires_at=expires_at,
                revoked_at=revoked_at,
            )
        )
        self.database.commit()
        return {"X-API-Key": fresh.key, "X-API-Secret": fresh.secret}


def make_cast(database: Session) -> Cast:
    """Stores everybody."""
    acme = Company(name="Acme", email="hello@acme.example")
    globex = Company(name="Globex", email="hello@globex.example")
    database.add_all([acme, globex])
    database.flush()
    vera = Lead(company_id=acme.id, first_name="Vera", last_name="Visitor", email="vera@example.com")
    database.add(vera)
    people = {
        "alice": _user(database, "alice", acme.id, Role.ADMIN),
        "bob": _user(database, "bob", acme.id, Role.MEMBER),
        "sam": _user(database, "sam", acme.id, Role.SUPPORTER),
        "charlie": _user(database, "charlie", globex.id, Role.ADMIN),
        "root": _user(database, "root", None, Role.SUPER_ADMIN),
    }
    database.commit()
    visitor = Person(vera.id, acme.id, vera.email, tokens.issue_lead(vera.id), None)
    return Cast(database=database, acme=acme.id, globex=globex.id, vera=visitor, **people)


@cache
def _hash() -> str:
    return passwords.hash_password(PASSWORD)


def _user(database: Session, name: str, company_id: UUID | None, role: Role) -> Person:
    domain = "acme.example" if name != "charlie" else "globex.example"
    user = User(
        company_id=company_id,
        email=f"{name}@{domain}" if company_id else f"{name}@frontdesk.example",
        username=name,
        password_hash=_hash(),
        first_name=name.title(),
        last_name="Tester",
        role=role,
    )
    database.add(user)
    database.flush()
    session = UserSession(
        company_id=company_id,
        user_id=user.id,
        refresh_id=uuid4(),
        expires_at=datetime.now(UTC) + timedelta(days=30),
    )
    database.add(session)
    database.flush()
    return Person(user.id, company_id, user.email, tokens.issue_access(user.id, session.id), session.id)
