"""`flask prepare`: what has to be done before the processes of this version start."""

import dataclasses

import click

from app.core import patience
from app.core.settings import settings
from app.repositories.installation import InstallationError
from app.services import installation

# Nobody waits for an answer here, and the machine is busy starting everything else.
_PATIENT_SECONDS = 30.0


@click.command("prepare")
@click.option("--demo", is_flag=True, help="Make the demo company and its admin, too.")
def prepare(demo: bool) -> None:
    """Create the runtime role, migrate, make signing keys and seed what every installation needs."""
    patience.install(dataclasses.replace(settings(), database_connect_timeout_seconds=_PATIENT_SECONDS))
    try:
        for step in installation.prepare(with_demo=demo):
            click.echo(step)
    except InstallationError as error:
        raise click.ClickException(str(error)) from None
