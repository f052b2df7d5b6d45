"""The rows that the tests of the walls are made with."""

import pytest
from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects.postgresql import INTERVAL

from tests.guards import rows


def test_fails_loudly_for_a_type_that_nobody_taught() -> None:
    table = Table("planted", MetaData(), Column("pause", INTERVAL, nullable=False))
    with pytest.raises(NotImplementedError, match=r"planted\.pause"):
        rows.make_row(table, None, "tag", {})
