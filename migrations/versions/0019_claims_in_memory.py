"""Taking a turn waits for no disk, and the functions that run for every message never plan anew.

A claim that a crash of Postgres loses leaves a turn that waits, as if its worker had died a moment before: the sweep
finds it. Waiting for the disk was three of the four milliseconds that taking a turn took.

Postgres plans what a function does for each of its first five calls in a connection, and goes on to do so where it
believes that pays. These look rows up by their ids, so it never does.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_CLAIM = """
CREATE OR REPLACE FUNCTION frontdesk_claim_turn(
    wanted_company uuid, wanted_turn uuid, moment timestamptz, lease_end timestamptz
) RETURNS TABLE (attempt integer, message_id uuid, conversation_id uuid, agent_id uuid, sequence integer)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.company_id', wanted_company::text, true){forgetful};
    RETURN QUERY
    UPDATE turns t SET status = 'processing', attempt = t.attempt + 1, due_at = lease_end, started_at = moment,
        updated_at = moment
    WHERE t.company_id = wanted_company AND t.id = wanted_turn
        AND (t.status = 'queued' OR (t.status = 'processing' AND t.due_at < moment))
        AND NOT EXISTS (SELECT FROM turns earlier WHERE earlier.company_id = wanted_company
            AND earlier.conversation_id = t.conversation_id AND earlier.sequence < t.sequence
            AND earlier.status IN ('queued', 'processing'))
    RETURNING t.attempt, t.message_id, t.conversation_id, t.agent_id, t.sequence;
END
$$;
"""

_BY_ID = (
    "frontdesk_claim_turn(uuid, uuid, timestamptz, timestamptz)",
    "frontdesk_turn_context(uuid, uuid, integer)",
    "frontdesk_model_chain(uuid, uuid, integer)",
    "frontdesk_ask(uuid, uuid, uuid, uuid, uuid, text, text, timestamptz, timestamptz, integer)",
    "frontdesk_lock_cited(uuid, uuid[])",
    "frontdesk_store_answer(uuid, uuid, uuid, integer, uuid, uuid[], uuid, text, text, jsonb, jsonb, text,"
    " timestamptz, timestamptz)",
)


def upgrade() -> None:
    op.execute(_CLAIM.format(forgetful=", set_config('synchronous_commit', 'off', true)"))
    for function in _BY_ID:
        op.execute(f"ALTER FUNCTION {function} SET plan_cache_mode = force_generic_plan")


def downgrade() -> None:
    for function in _BY_ID:
        op.execute(f"ALTER FUNCTION {function} RESET plan_cache_mode")
    op.execute(_CLAIM.format(forgetful=""))
