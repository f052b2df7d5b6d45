"""The builtin embedding model reads with two encoders: its vectors are made anew.

Agents go on being searched in the space that their passages are in; workers build the new vectors beside it and switch,
as when somebody chooses another model. What a company calls the builtin model follows.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_FORMER, _TWO = ("multilingual-e5-small", 384), ("multilingual-e5-small-use", 512)


def upgrade() -> None:
    """Has the vectors of two encoders made."""
    _move(_FORMER, _TWO)


def downgrade() -> None:
    """Has the vectors of one encoder made."""
    _move(_TWO, _FORMER)


def _move(before: tuple[str, int], after: tuple[str, int]) -> None:
    (old, old_dimension), (new, new_dimension) = before, after
    old_space, new_space = f"builtin/{old}/{old_dimension}", f"builtin/{new}/{new_dimension}"
    # A worker that is at it for the old space loses its lease by the time.
    op.execute(
        f"UPDATE agents SET next_embedding_space = '{new_space}', embedding_due_at = now()"
        f" WHERE next_embedding_space = '{old_space}'"
    )
    op.execute(
        f"UPDATE agents SET next_embedding_space = '{new_space}', embedding_due_at = now()"
        f" WHERE embedding_space = '{old_space}' AND next_embedding_space IS NULL"
    )
    builtin = f"""
        SELECT m.id FROM provider_models m JOIN providers p ON p.id = m.provider_id
        WHERE p.type = 'builtin' AND m.type = 'embedding' AND m.provider_model_id = '{old}'
    """
    op.execute(
        f"UPDATE llm_settings SET embedding_dimension = {new_dimension}"
        f" WHERE embedding_dimension = {old_dimension} AND embedding_model_id IN ({builtin})"
    )
    op.execute(
        f"UPDATE provider_models SET provider_model_id = '{new}', embedding_dimension = {new_dimension}"
        f" WHERE id IN ({builtin})"
    )
