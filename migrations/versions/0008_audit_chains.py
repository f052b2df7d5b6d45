"""The audit log as chains: places and seals for the entries that there are, and nobody changes one any more."""

import sqlalchemy as sa
from alembic import op

from app.core.crypto import keyring
from app.core.ids import new_id
from app.security import audit_seal

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PLATFORM = "'00000000-0000-0000-0000-000000000000'::uuid"
_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"
_BATCH = 1_000

# A wall against mistakes: it holds for the tables' owner, too. Intent is found by verifying.
_FUNCTIONS = f"""
CREATE FUNCTION frontdesk_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' AND current_setting('app.audit_pruning', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION frontdesk_refuse_audit_change();
CREATE TRIGGER audit_entries_stay_all BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION frontdesk_refuse_audit_change();
-- Forgetting runs as the owner: of the entered company alone, and nothing of the last thirty days, whatever it is told.
CREATE FUNCTION frontdesk_prune_audit_entries(through bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    entered uuid := nullif(current_setting('app.company_id', true), '')::uuid;
    pruned bigint;
BEGIN
    PERFORM set_config('app.audit_pruning', 'on', true);
    IF entered = {_PLATFORM} THEN
        DELETE FROM audit_entries
        WHERE company_id IS NULL AND position <= through AND created_at < now() - interval '30 days';
    ELSE
        DELETE FROM audit_entries
        WHERE company_id = entered AND position <= through AND created_at < now() - interval '30 days';
    END IF;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    PERFORM set_config('app.audit_pruning', 'off', true);
    RETURN pruned;
END
$$;
"""


def upgrade() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("base_position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("base", sa.LargeBinary(), nullable=False),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chains")),
    )
    op.create_index(
        "uq_audit_chains_company_id", "audit_chains", ["company_id"], unique=True, postgresql_nulls_not_distinct=True
    )
    op.execute("ALTER TABLE audit_chains ENABLE ROW LEVEL SECURITY")
    whose = f"coalesce(company_id, {_PLATFORM})"
    op.execute(f"CREATE POLICY company_wall ON audit_chains USING ({whose} = {_ENTERED} OR {_ACROSS})")
    op.drop_constraint("fk_audit_entries_company_id", "audit_entries", type_="foreignkey")
    op.add_column("audit_entries", sa.Column("position", sa.BigInteger(), nullable=True))
    op.add_column("audit_entries", sa.Column("previous_seal", sa.LargeBinary(), nullable=True))
    op.add_column("audit_entries", sa.Column("seal", sa.LargeBinary(), nullable=True))
    _seal_all()
    for column in ("position", "previous_seal", "seal"):
        op.alter_column("audit_entries", column, nullable=False)
    op.create_index(
        "uq_audit_entries_company_id_position",
        "audit_entries",
        ["company_id", "position"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    for column in ("event_type", "entity_type", "entity_id", "actor_id", "risk_level"):
        op.create_index(
            f"ix_audit_entries_company_id_{column}_position", "audit_entries", ["company_id", column, "position"]
        )
    op.execute(_FUNCTIONS)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entries_stay ON audit_entries")
    op.execute("DROP TRIGGER audit_entries_stay_all ON audit_entries")
    op.execute("DROP FUNCTION frontdesk_prune_audit_entries(bigint)")
    op.execute("DROP FUNCTION frontdesk_refuse_audit_change()")
    for column in ("event_type", "entity_type", "entity_id", "actor_id", "risk_level"):
        op.drop_index(f"ix_audit_entries_company_id_{column}_position", table_name="audit_entries")
    op.drop_index("uq_audit_entries_company_id_position", table_name="audit_entries")
    for column in ("seal", "previous_seal", "position"):
        op.drop_column("audit_entries", column)
    op.execute("DELETE FROM audit_entries WHERE company_id NOT IN (SELECT id FROM companies)")
    op.create_foreign_key(
        "fk_audit_entries_company_id", "audit_entries", "companies", ["company_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_table("audit_chains")


def _seal_all() -> None:
    """The entries that are there already, in the order in which they were made."""
    connection = op.get_bind()
    for company_id in connection.scalars(sa.text("SELECT DISTINCT company_id FROM audit_entries")).all():
        _seal_company(connection, company_id)


def _seal_company(connection: sa.Connection, company_id: object) -> None:
    key, head, position = audit_seal.new_key(), audit_seal.NOTHING, 0
    unsealed = sa.text(
        "SELECT * FROM audit_entries WHERE company_id IS NOT DISTINCT FROM CAST(:company AS uuid) AND position IS NULL "
        f"ORDER BY created_at, id LIMIT {_BATCH}"
    )
    while rows := connection.execute(unsealed, {"company": company_id}).mappings().all():
        sealed = []
        for row in rows:
            position += 1
            seal = audit_seal.seal(key, head, {**row, "position": position})
            sealed.append({"id": row["id"], "position": position, "previous": head, "seal": seal})
            head = seal
        connection.execute(
            sa.text(
                "UPDATE audit_entries SET position = :position, previous_seal = :previous, seal = :seal WHERE id = :id"
            ),
            sealed,
        )
    chain_seal = audit_seal.seal_head(
        key, position=position, head=head, base_position=0, base=audit_seal.NOTHING, broken=False
    )
    connection.execute(
        sa.text(
            "INSERT INTO audit_chains (id, company_id, key, position, head, base_position, base, seal) "
            "VALUES (:id, :company, :key, :position, :head, 0, :base, :seal)"
        ),
        {
            "id": new_id(),
            "company": company_id,
            "key": keyring().encrypt(key),
            "position": position,
            "head": head,
            "base": audit_seal.NOTHING,
            "seal": chain_seal,
        },
    )
