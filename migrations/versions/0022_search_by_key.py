"""What a search compares and finds is looked up by its key, passage by passage and document by document.

The plan of `frontdesk_search_every` is kept for all companies, so it is made for the average of them, of which all
documents may be read sooner than one by its key. Companies differ: where a million passages lay with a thousand of
them, one with 20,000 waited for 0.7 s instead of 0.03, and comparing 500,000 took more than two minutes.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Without sequential scans: a plan that is made for any agent knows the average of them all, and where one agent has
# most of the vectors, reading everybody's would seem best for a small one, too. And it counts all partitions, of which
# one is read: Postgres would soon hold it for dear enough to be compiled at every call.
_SEARCH = """
CREATE OR REPLACE FUNCTION frontdesk_search_every(
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
        WHERE EXISTS ({is_live})
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
    {found}
    ORDER BY f.score DESC, c.id;
END
$$;
"""
# OFFSET 0 keeps each lookup one of its own, for which nothing but the key comes into question (with the company beside
# it, Postgres would take an index of the company's), and has only as many looked up as are wanted.
_IS_LIVE_BY_KEY = """
            SELECT FROM (SELECT * FROM chunks p WHERE p.id = e.chunk_id OFFSET 0) c
            CROSS JOIN LATERAL (SELECT * FROM documents o WHERE o.id = c.document_id OFFSET 0) d
            WHERE c.company_id = wanted_company AND d.company_id = wanted_company
                AND c.deleted_at IS NULL AND d.deleted_at IS NULL AND d.generation = c.generation OFFSET 0
"""
_FOUND_BY_KEY = """
    CROSS JOIN LATERAL (SELECT * FROM chunks p WHERE p.id = f.id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT * FROM documents o WHERE o.id = c.document_id OFFSET 0) d
    CROSS JOIN near_range
    WHERE c.company_id = wanted_company AND d.company_id = wanted_company
"""
_IS_LIVE_BEFORE = """
            SELECT FROM chunks c
            JOIN documents d ON d.id = c.document_id AND d.company_id = wanted_company
            WHERE c.id = e.chunk_id AND c.company_id = wanted_company AND c.deleted_at IS NULL
                AND d.deleted_at IS NULL AND d.generation = c.generation OFFSET 0
"""
_FOUND_BEFORE = """
    JOIN chunks c ON c.id = f.id AND c.company_id = wanted_company
    JOIN documents d ON d.id = c.document_id AND d.company_id = wanted_company
    CROSS JOIN near_range
"""


def upgrade() -> None:
    op.execute(_SEARCH.format(is_live=_IS_LIVE_BY_KEY, found=_FOUND_BY_KEY))


def downgrade() -> None:
    op.execute(_SEARCH.format(is_live=_IS_LIVE_BEFORE, found=_FOUND_BEFORE))
