"""Bringing an installation to the state that this version needs. Every step can be repeated."""

from collections.abc import Iterator

from app.core.settings import PROJECT, settings
from app.core.transaction import transaction
from app.repositories import installation
from app.repositories.installation import InstallationError
from app.security import signing_keys
from app.services import accounts, demo, model_choice, places


def prepare(*, with_demo: bool) -> Iterator[str]:
    """Does everything, telling each step as it begins: database, role, migrations, keys, reference data, demo."""
    yield from prepare_database()
    yield "Signing keys"
    prepare_keys()
    yield "Local embedding model"
    model_choice.prepare_local_model()
    yield "Countries, states and cities"
    places.seed()
    if settings().super_admin_email:
        yield "Super admin"
        with transaction():
            accounts.seed_super_admin()
    if with_demo:
        yield "Demo company"
        demo.seed()


def prepare_keys() -> None:
    """The first key pair that signs tokens."""
    signing_keys.ensure()


def prepare_database() -> Iterator[str]:
    """The database, its role, tables and rights."""
    owner = settings().database_url
    if not owner:
        raise InstallationError("DATABASE_URL is not set: it names the owner of the tables, who migrates them.")
    yield "Database and runtime role"
    installation.ensure_database(owner)
    installation.ensure_extensions(owner)
    role = installation.ensure_runtime_role(owner, settings().runtime_url)
    yield "Migrations"
    installation.migrate(owner, PROJECT / "migrations")
    installation.grant(owner, role)
