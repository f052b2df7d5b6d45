"""What the tests of administration share."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.config import Settings
from app.models.user import User
from tests.auth.conftest import Mailbox
from tests.cast import Cast, Headers
from tests.rows import change


@pytest.fixture
def mailbox(app: Flask, settings: Settings, database: Session) -> Mailbox:
    """The mails that leave."""
    return Mailbox(app, settings, database)


@pytest.fixture
def add_user(database: Session, cast: Cast) -> Callable[..., UUID]:
    """Adds a user of Acme: `add_user("dora", role="admin", status="inactive")`."""

    def add(name: str, **values: Any) -> UUID:
        user = User(
            **{
                "company_id": cast.acme,
                "email": f"{name}@acme.example",
                "username": name,
                "password_hash": "none",
                "first_name": name.title(),
                "last_name": "Tester",
                "role": "member",
            }
            | values
        )
        database.add(user)
        database.commit()
        return user.id

    return add


@pytest.fixture
def set_bob(database: Session, cast: Cast) -> Callable[..., None]:
    """Changes Bob's row: `set_bob(status="suspended")`."""
    return lambda **values: change(database, User, cast.bob.id, **values)


@pytest.fixture
def refused(cast: Cast) -> Callable[[], list[Headers]]:
    """Credentials of those who administer nothing: a member, a supporter, a visitor, and keys that may not."""
    return lambda: [
        cast.bob.headers,
        cast.sam.headers,
        cast.vera.headers,
        cast.key(cast.bob, "admin"),
        cast.key(cast.alice, "write"),
        cast.key(cast.alice, "admin", permissions={"leads": ["admin"]}),
    ]
