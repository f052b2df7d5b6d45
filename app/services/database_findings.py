"""What is known in the course of an analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.models.database_connection import DatabaseConnection
from app.services.database_lease import AnalysisLease
from app.textsql import complaints
from app.textsql.failures import DatabaseFailed, Failure
from app.textsql.schema import Table
from app.textsql.target import Target

# Schema, empty where there is none, and name.
Place = tuple[str, str]

# What says that the server itself is gone, rather than that this table can't be read.
_OF_THE_SERVER = {Failure.HOST, Failure.BUSY, Failure.CREDENTIALS, Failure.TLS}


@dataclass
class Findings:
    """Values in `compared` are as they are in the customer's database, and are forgotten with this."""

    stored: DatabaseConnection
    lease: AnalysisLease
    target: Target
    tables: Mapping[Place, Table]
    ids: dict[Place, UUID] = field(default_factory=dict)
    changed: list[Place] = field(default_factory=list)
    compared: dict[tuple[Place, str], tuple[str, ...]] = field(default_factory=dict)
    # Tables that took too long to be looked at.
    timeouts: int = 0

    def failure_of(self, error: Exception) -> DatabaseFailed:
        """What went wrong with one table; raises what went wrong with the server, and what is a bug."""
        failure = complaints.read(error, self.target)
        if failure is None:
            raise error
        if failure.failure in _OF_THE_SERVER:
            raise failure from None
        return failure
