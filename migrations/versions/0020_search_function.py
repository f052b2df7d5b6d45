"""What nearly every question is looked up by is planned once in a connection, as what else runs for every message is.

Parsing and planning the search took Postgres 0.8 of its 1.3 ms where an agent has few passages. Here every vector of
the agent is compared; sets in which that would take too long are searched by statements that fit them, planned anew.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# Without sequential scans: a plan that is made for any agent knows the average of them all, and where one agent has
# most of the vectors, reading everybody's would seem best for a small one, too. And it counts all partitions, of which
# one is read: Postgres would soon hold it for dear enough to be compiled at every call.
_SEARCH = """
CREATE FUNCTION frontdesk_search_every(
    wanted_company uuid, wanted_agent uuid, wanted_space text, question halfvec, asked tsquery, depth integer,
    most integer
) RETURNS TABLE (chunk_id uuid, document_id uuid, title text, url text, source text, kind text, content text,
    heading_path text[], page integer, page_end integer, begins integer, ends integer, language text,
    score double precision, cosine double precision, rank real, mean_cosine double precision)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH nearest AS MATERIALIZED (
        SELECT e.chunk_id AS id, e.cosine FROM (
            SELECT v.chunk_id, -(v.vector <#> question) AS cosine FROM chunk_embeddings v
            WHERE v.company_id = wanted_company AND v.agent_id = wanted_agent AND v.space = wanted_space
            ORDER BY cosine DESC
        ) e
        WHERE EXISTS (SELECT FROM chunks c
            JOIN documents d ON d.id = c.document_id AND d.company_id = wanted_company
            WHERE c.id = e.chunk_id AND c.company_id = wanted_company AND c.deleted_at IS NULL
                AND d.deleted_at IS NULL AND d.generation = c.generation OFFSET 0)
        ORDER BY e.cosine DESC LIMIT depth
    ),
    worded AS MATERIALIZED (
        SELECT w.id, w.rank FROM frontdesk_find_worded(wanted_company, wanted_agent, asked, depth) w
    ),
    near_range AS (
        SELECT min(n.cosine) AS low, max(n.cosine) AS high, avg(n.cosine) AS mean FROM nearest n
    ),
    word_range AS (SELECT min(w.rank) AS low, max(w.rank) AS high FROM worded w),
    fused AS (
        SELECT id, n.cosine, coalesce(w.rank, 0) AS rank,
            0.65 * coalesce((n.cosine - near_range.low) / nullif(near_range.high - near_range.low, 0),
                CASE WHEN n.cosine IS NULL THEN 0 ELSE 1 END)
            + 0.35 * coalesce((w.rank - word_range.low) / nullif(word_range.high - word_range.low, 0),
                CASE WHEN w.rank IS NULL THEN 0 ELSE 1 END) AS score
        FROM nearest n FULL JOIN worded w USING (id) CROSS JOIN near_range CROSS JOIN word_range
        ORDER BY score DESC, id LIMIT most
    )
    SELECT c.id, c.document_id, d.title::text, d.url::text, d.source::text, d.kind::text, c.text::text,
        c.heading_path::text[], c.page, c.page_end, c.start, c."end", c.language::text, f.score::double precision,
        coalesce(f.cosine, (SELECT -(v.vector <#> question) FROM chunk_embeddings v
            WHERE v.company_id = wanted_company AND v.chunk_id = c.id AND v.space = wanted_space), 0),
        f.rank, near_range.mean
    FROM fused f
    JOIN chunks c ON c.id = f.id AND c.company_id = wanted_company
    JOIN documents d ON d.id = c.document_id AND d.company_id = wanted_company
    CROSS JOIN near_range
    ORDER BY f.score DESC, c.id;
END
$$;
"""


def upgrade() -> None:
    op.execute(_SEARCH)


def downgrade() -> None:
    op.execute("DROP FUNCTION frontdesk_search_every(uuid, uuid, text, halfvec, tsquery, integer, integer)")
