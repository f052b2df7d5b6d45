"""Vectors lie in partitions by company, so an index of vectors is shared with few others (docs/decisions/0011).

Every vector is copied and every index of vectors built anew, before anything is exchanged: visitors are answered
meanwhile, while changes of companies and agents, and documents that are being processed, wait or fail and are tried
again. Needs twice the room of the vectors for that time. A million vectors of 384 dimensions take ten minutes or more;
`maintenance_work_mem` is raised to 512 MB where it is less.
"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLE, _NEW = "chunk_embeddings", "chunk_embeddings_new"
_PARTITIONS = 16
_DIMENSIONS = (384, 512, 768, 1024, 1536, 2048, 3072)
_COLUMNS = "chunk_id, space, company_id, agent_id, dimension, vector"
_PARENTS = {"company_id": "companies", "agent_id": "agents", "chunk_id": "chunks"}
_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"
# The runtime role gets its rights once more when the installation is prepared; it isn't without them until then.
_COPY_RIGHTS = f"""
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT r.rolname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = '{_TABLE}'::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON {_NEW} TO %I', held.privilege_type, held.rolname);
    END LOOP;
END
$$;
"""
_LOCKED = f"{', '.join(_PARENTS.values())}, {_TABLE}"
# For the exchange nobody may read, not even the tables that the old keys refer to. Somebody who has read one of them
# and waits to write is a deadlock with us, which Postgres ends by refusing our locks; but their waiting ends soon, too:
# no statement of the application may take longer than `DATABASE_STATEMENT_TIMEOUT_MS`.
_LOCK_ALONE = f"""
DO $$
BEGIN
    FOR attempt IN 1..60 LOOP
        BEGIN
            LOCK TABLE {_LOCKED} IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN deadlock_detected THEN
            PERFORM pg_sleep(1);
        END;
    END LOOP;
    LOCK TABLE {_LOCKED} IN ACCESS EXCLUSIVE MODE;
END
$$;
"""
_MEMORY = """
SELECT set_config('maintenance_work_mem', '512MB', true) FROM pg_settings
WHERE name = 'maintenance_work_mem' AND setting::bigint < 512 * 1024
"""
# As it was but for the number of candidates: with few vectors of others in an index, fewer find more.
_FIND_NEAREST = """
CREATE OR REPLACE FUNCTION frontdesk_find_nearest(
    wanted_company uuid, wanted_agent uuid, wanted_space text, question halfvec, depth integer
) RETURNS TABLE (id uuid, cosine double precision) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET enable_sort = off SET search_path = public, pg_temp AS $$
BEGIN
    -- Not settings of the function, which nobody but a superuser could restore from a dump.
    PERFORM set_config('hnsw.iterative_scan', 'relaxed_order', true);
    PERFORM set_config('hnsw.ef_search', '{candidates}', true);
    RETURN QUERY EXECUTE format($query$
        SELECT e.chunk_id, -e.distance FROM (
            SELECT chunk_id, vector::halfvec(%1$s) <#> $5::halfvec(%1$s) AS distance FROM chunk_embeddings
            WHERE company_id = $1 AND agent_id = $2 AND space = $3 AND dimension = %1$s
                AND $1 = nullif(current_setting('app.company_id', true), '')::uuid
            ORDER BY distance
        ) e
        WHERE EXISTS (SELECT FROM chunks c JOIN documents d ON d.id = c.document_id AND d.company_id = $1
            WHERE c.id = e.chunk_id AND c.company_id = $1 AND c.deleted_at IS NULL
                AND d.deleted_at IS NULL AND d.generation = c.generation)
        ORDER BY e.distance LIMIT $4
    $query$, vector_dims(question)) USING wanted_company, wanted_agent, wanted_space, depth, question;
END
$$;
"""


def upgrade() -> None:
    _say("partitions")
    _begin(["chunk_id", "space", "company_id"], partition_by="HASH (company_id)")
    for number in range(_PARTITIONS):
        name = f"{_TABLE}_{number}"
        op.execute(
            f"CREATE TABLE {name} PARTITION OF {_NEW} FOR VALUES WITH (MODULUS {_PARTITIONS}, REMAINDER {number})"
        )
        # Nobody but the owner reaches a partition by its own name: there is no policy.
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    _finish(candidates=400)


def downgrade() -> None:
    _say("one table")
    _begin(["chunk_id", "space"])
    _finish(candidates=500)


def _say(where: str) -> None:
    stored = op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {_TABLE}"))
    config = op.get_context().config
    if stored and config is not None:
        config.print_stdout(
            "Vectors are copied to %s and indexed anew: %s of them. This may take minutes.", where, stored
        )


def _begin(key: list[str], **options: str) -> None:
    """Makes the new table beside the old one, whose indexes leave their names to those of the new."""
    # All that the new keys will need is locked at once, in the order of those who write, or a worker that has written
    # to one of these tables and waits for the vectors would be a deadlock at the end, after all the work.
    op.execute(f"LOCK TABLE {_LOCKED} IN SHARE ROW EXCLUSIVE MODE")
    for name in _index_names(f"pk_{_TABLE}"):
        op.execute(f"ALTER INDEX {name} RENAME TO old_{name}")
    op.create_table(
        _NEW,
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", HALFVEC(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        **{f"postgresql_{name}": value for name, value in options.items()},
    )
    op.create_primary_key(f"pk_{_TABLE}", _NEW, key)


def _finish(*, candidates: int) -> None:
    """Fills the new table, indexes it and puts it in the old one's place."""
    op.execute(f"INSERT INTO {_NEW} ({_COLUMNS}) SELECT {_COLUMNS} FROM {_TABLE}")
    op.execute(_MEMORY)
    op.create_index(f"ix_{_TABLE}_agent_id_space", _NEW, ["agent_id", "space"])
    for dimension in _DIMENSIONS:
        op.create_index(
            f"ix_{_TABLE}_hnsw_{dimension}",
            _NEW,
            [sa.literal_column(f"(vector::halfvec({dimension}))").label("indexed")],
            postgresql_ops={"indexed": "halfvec_ip_ops"},
            postgresql_using="hnsw",
            postgresql_with={"m": 24, "ef_construction": 128},
            postgresql_where=sa.text(f"dimension = {dimension}"),
        )
    op.execute(f"ALTER TABLE {_NEW} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY company_wall ON {_NEW} USING (company_id = {_ENTERED} OR {_ACROSS})")
    op.execute(_COPY_RIGHTS)
    # Before the locks: it reads a part of all vectors.
    op.execute(f"ANALYZE {_NEW}")
    for column, parent in _PARENTS.items():
        op.create_foreign_key(f"fk_{_TABLE}_{column}", _NEW, parent, [column], ["id"], ondelete="CASCADE")
    op.execute(_LOCK_ALONE)
    op.drop_table(_TABLE)
    op.rename_table(_NEW, _TABLE)
    op.execute(_FIND_NEAREST.replace("{candidates}", str(candidates)))


def _index_names(key: str) -> list[str]:
    return [key, f"ix_{_TABLE}_agent_id_space", *(f"ix_{_TABLE}_hnsw_{dimension}" for dimension in _DIMENSIONS)]
