"""A user's own profile. With an API key it is the profile of the key's maker."""

from collections.abc import Mapping
from typing import Any

from app.core.settings import settings
from app.errors import NotFound
from app.models.user import User
from app.repositories import users
from app.security.principal import Principal
from app.services import audit, authentication
from app.services.audit import Event


def get(principal: Principal) -> User:
    """The user behind the call."""
    home = authentication.come_home(principal)
    user = principal.user_id and users.get(company_id=home, user_id=principal.user_id)
    if not user:
        raise NotFound
    return user


def maintenance_notice() -> str | None:
    """What the operator wants the team to know, if anything."""
    return settings().maintenance_notice or None


def change(principal: Principal, changes: Mapping[str, Any]) -> User:
    """Changes the given fields of the caller's own profile."""
    user = get(principal)
    before = {name: getattr(user, name) for name in changes}
    for name, value in changes.items():
        setattr(user, name, value)
    if before != dict(changes):
        audit.record(
            Event.PROFILE_CHANGED,
            "user",
            user.id,
            company_id=user.company_id,
            by=principal,
            before=before,
            after=changes,
        )
    return user
