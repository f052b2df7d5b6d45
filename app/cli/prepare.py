"""`flask prepare`: what has to be done before the processes of this version start."""

import click

from app.repositories.installation import InstallationError
from app.services import installation


@click.command("prepare")
@click.option("--demo", is_flag=True, help="Make the demo company and its admin, too.")
def prepare(demo: bool) -> None:
    """Create the runtime role, migrate, make signing keys and seed what every installation needs."""
    try:
        for step in installation.prepare(with_demo=demo):
            click.echo(step)
    except InstallationError as error:
        raise click.ClickException(str(error)) from None
