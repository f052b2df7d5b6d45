"""`flask audit verify`: for operators, every night."""

import sys

import click
from flask.cli import AppGroup

from app.services import audit_verification

audit = AppGroup("audit", help="The audit log.")


@audit.command("verify")
def verify_all() -> None:
    """Verify the chains of all companies; ends with 1 when something was changed by hand."""
    intact = True
    for found in audit_verification.verify_all():
        name = found.company_id or "platform"
        click.echo(f"{name}: {found.checked} entries, up to {found.position} sealed {found.seal}")
        for problem in found.problems:
            click.echo(f"  {problem.kind} at {problem.position}: {problem.detail}", err=True)
        intact = intact and found.valid
    sys.exit(0 if intact else 1)
