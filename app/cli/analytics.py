"""`flask analytics`: the figures of the analytics."""

from uuid import UUID

import click
from flask.cli import AppGroup

from app.services import rollups

analytics = AppGroup("analytics", help="Figures of the analytics.")


@analytics.command("refresh")
def refresh() -> None:
    """Count again what has changed, as the worker does every few seconds."""
    click.echo(f"refreshed {rollups.refresh_all()} companies")


@analytics.command("rebuild")
@click.option("--company", "company_id", type=click.UUID, help="Only this company.")
def rebuild(company_id: UUID | None) -> None:
    """Count everything again from the raw rows. The figures can be read meanwhile."""
    if company_id is not None:
        rollups.rebuild(company_id)
        click.echo(f"rebuilt {company_id}")
        return
    click.echo(f"rebuilt {sum(1 for _ in rollups.rebuild_all())} companies")
