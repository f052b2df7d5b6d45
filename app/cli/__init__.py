"""Commands: `flask --app app ...`."""

import click
from flask import Flask
from flask.cli import AppGroup

from app.cli.analytics import analytics
from app.cli.audit import audit
from app.cli.prepare import prepare
from app.security import signing_keys
from app.services import secrets_rotation

keys = AppGroup("keys", help="Keys that sign tokens.")
secrets = AppGroup("secrets", help="Secrets at rest.")


@keys.command("rotate")
def rotate_keys() -> None:
    """Sign with a new key from now on; tokens of the old one hold until they expire."""
    click.echo(f"signing with {signing_keys.rotate()}")


@secrets.command("rotate")
def rotate_secrets() -> None:
    """Encrypt every stored secret with the first of SECRET_KEYS."""
    for table, count in secrets_rotation.reencrypt_all().items():
        click.echo(f"{table}: {count}")


def register_commands(app: Flask) -> None:
    """Adds our commands to `flask`."""
    app.cli.add_command(prepare)
    app.cli.add_command(analytics)
    app.cli.add_command(audit)
    app.cli.add_command(keys)
    app.cli.add_command(secrets)
