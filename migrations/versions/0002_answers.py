"""Answers: agents, providers and settings, documents and their vectors, conversations; and their walls."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


_OWNED_CHILDREN_FIRST = (
    "unanswered_questions",
    "model_calls",
    "turns",
    "messages",
    "conversations",
    "chunk_embeddings",
    "chunks",
    "documents",
    "agents",
    "llm_settings",
    "provider_models",
    "providers",
)
_INDEXED_DIMENSIONS = (384, 512, 768, 1024, 1536, 2048, 3072)
_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"
# A public read knows an agent's id and nothing else; like those of 0001 it opens that agent's company and no other.
_ENTER_BY_AGENT = """
CREATE FUNCTION frontdesk_enter_by_agent(wanted uuid) RETURNS TABLE (
    id uuid, company_id uuid, company_live boolean, rate_limits jsonb, entered text
) LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, a.company_id, (c.deleted_at IS NULL AND c.status = 'active'), c.rate_limits,
        set_config('app.company_id', a.company_id::text, true)
    FROM agents a
    JOIN companies c ON c.id = a.company_id
    WHERE a.id = wanted AND a.deleted_at IS NULL
$$;
"""
# The two ways of search through an index run as the owner, within the entered company. For a role that row-level
# security binds, Postgres may not look `@@` up in an index (the operator isn't leakproof) and would read every passage
# of the company; and the policy's OR makes it think the vector index too dear. Without sorts there is no other way, and
# what is deleted is left out on the way down, instead of being looked for among all passages of the agent.
_FIND_NEAREST = """
CREATE FUNCTION frontdesk_find_nearest(
    wanted_company uuid, wanted_agent uuid, wanted_space text, question halfvec, depth integer
) RETURNS TABLE (id uuid, cosine double precision) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET enable_sort = off SET search_path = public, pg_temp AS $$
BEGIN
    -- Not settings of the function, which nobody but a superuser could restore from a dump. The scan goes on until
    -- enough rows pass; without that a filter that keeps 1 % leaves one row of ten. Of a company with half a million
    -- passages, 400 candidates find 94 % of the nearest ten, 500 find 96 % (docs/measurements.md).
    PERFORM set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '500', true);
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
_FIND_WORDED = """
CREATE FUNCTION frontdesk_find_worded(wanted_company uuid, wanted_agent uuid, words tsquery, depth integer)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET plan_cache_mode = force_custom_plan SET search_path = public, pg_temp AS $$
BEGIN
    IF numnode(words) = 0 THEN RETURN; END IF;
    RETURN QUERY
    SELECT m.id, m.rank FROM (
        SELECT c.id, c.document_id, c.generation, ts_rank(c.search, words, 1) AS rank
        FROM chunks c
        WHERE c.company_id = wanted_company AND c.agent_id = wanted_agent AND c.deleted_at IS NULL
            AND c.search @@ words AND wanted_company = nullif(current_setting('app.company_id', true), '')::uuid
        ORDER BY 4 DESC, 1
    ) m
    WHERE EXISTS (SELECT FROM documents d WHERE d.id = m.document_id AND d.company_id = wanted_company
        AND d.deleted_at IS NULL AND d.generation = m.generation)
    ORDER BY m.rank DESC, m.id LIMIT depth;
END
$$;
"""


def upgrade() -> None:
    _create_tables()
    for dimension in _INDEXED_DIMENSIONS:
        op.create_index(
            f"ix_chunk_embeddings_hnsw_{dimension}",
            "chunk_embeddings",
            [sa.literal_column(f"(vector::halfvec({dimension}))").label("indexed")],
            postgresql_ops={"indexed": "halfvec_ip_ops"},
            postgresql_using="hnsw",
            postgresql_with={"m": 24, "ef_construction": 128},
            postgresql_where=sa.text(f"dimension = {dimension}"),
        )
    op.create_foreign_key(
        "fk_llm_settings_agent_id_agents", "llm_settings", "agents", ["agent_id"], ["id"], ondelete="CASCADE"
    )
    for table in _OWNED_CHILDREN_FIRST:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY company_wall ON {table} USING (company_id = {_ENTERED} OR {_ACROSS})")
    op.execute(_ENTER_BY_AGENT)
    op.execute(_FIND_NEAREST)
    op.execute(_FIND_WORDED)
    # Ranking reads it of every passage that has a word: beside the row three times as fast as out of line.
    op.execute("ALTER TABLE chunks ALTER COLUMN search SET STORAGE MAIN")


def downgrade() -> None:
    op.execute("DROP FUNCTION frontdesk_find_worded(uuid, uuid, tsquery, integer)")
    op.execute("DROP FUNCTION frontdesk_find_nearest(uuid, uuid, text, halfvec, integer)")
    op.execute("DROP FUNCTION frontdesk_enter_by_agent(uuid)")
    op.drop_constraint("fk_leads_agent_id", "leads", type_="foreignkey")
    op.drop_column("leads", "agent_id")
    op.drop_constraint("fk_llm_settings_agent_id_agents", "llm_settings", type_="foreignkey")
    for table in _OWNED_CHILDREN_FIRST:
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "providers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("api_base_url", sa.String(), nullable=True),
        sa.Column("pricing", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('active', 'inactive')", name=op.f("ck_providers_status_known")),
        sa.CheckConstraint(
            "type IN ('openai', 'openai_compatible', 'anthropic', 'builtin', 'fake')",
            name=op.f("ck_providers_type_known"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_providers_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
    )
    op.create_index(
        "uq_providers_company_id_name", "providers", ["company_id", sa.literal_column("lower(name)")], unique=True
    )
    op.create_table(
        "provider_models",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("provider_model_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("context_window", sa.Integer(), nullable=True),
        sa.Column("input_price", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("output_price", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("currency", sa.String(), server_default="USD", nullable=False),
        sa.Column("embedding_dimension", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('active', 'inactive')", name=op.f("ck_provider_models_status_known")),
        sa.CheckConstraint("type IN ('chat', 'embedding')", name=op.f("ck_provider_models_type_known")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_provider_models_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_provider_models_provider_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_models")),
    )
    op.create_index("ix_provider_models_company_id", "provider_models", ["company_id"], unique=False)
    op.create_index(
        "uq_provider_models_provider_id_model",
        "provider_models",
        ["provider_id", "provider_model_id", "type"],
        unique=True,
    )
    op.create_table(
        "llm_settings",
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("llm_provider_id", sa.Uuid(), nullable=False),
        sa.Column("llm_model_id", sa.Uuid(), nullable=False),
        sa.Column("embedding_provider_id", sa.Uuid(), nullable=False),
        sa.Column("embedding_model_id", sa.Uuid(), nullable=False),
        sa.Column("llm_api_key", sa.Text(), nullable=True),
        sa.Column("llm_api_base_url", sa.String(), nullable=True),
        sa.Column("llm_temperature", sa.Double(), nullable=True),
        sa.Column("llm_max_tokens", sa.Integer(), nullable=True),
        sa.Column(
            "llm_additional_params",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("embedding_api_key", sa.Text(), nullable=True),
        sa.Column("embedding_api_base_url", sa.String(), nullable=True),
        sa.Column("embedding_dimension", sa.Integer(), nullable=True),
        sa.Column(
            "embedding_additional_params",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("fallback_settings_id", sa.Uuid(), nullable=True),
        sa.Column("widget_script_url", sa.String(), nullable=True),
        sa.Column(
            "widget_config", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_llm_settings_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"], ["provider_models.id"], name=op.f("fk_llm_settings_embedding_model_id")
        ),
        sa.ForeignKeyConstraint(
            ["embedding_provider_id"], ["providers.id"], name=op.f("fk_llm_settings_embedding_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["fallback_settings_id"],
            ["llm_settings.id"],
            name=op.f("fk_llm_settings_fallback_settings_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["llm_model_id"], ["provider_models.id"], name=op.f("fk_llm_settings_llm_model_id")),
        sa.ForeignKeyConstraint(["llm_provider_id"], ["providers.id"], name=op.f("fk_llm_settings_llm_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_settings")),
    )
    op.create_index("ix_llm_settings_company_id_agent_id", "llm_settings", ["company_id", "agent_id"], unique=False)
    op.create_index(
        "uq_llm_settings_default",
        "llm_settings",
        ["company_id", sa.literal_column("coalesce(agent_id, '00000000-0000-0000-0000-000000000000'::uuid)")],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "agents",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("avatar_url", sa.String(), nullable=True),
        sa.Column("greeting", sa.String(), nullable=True),
        sa.Column("instructions", sa.String(), nullable=True),
        sa.Column("llm_settings_id", sa.Uuid(), nullable=True),
        sa.Column("personality_traits", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("capabilities", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "operating_hours", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("languages", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("embedding_space", sa.String(), nullable=True),
        sa.Column("next_embedding_space", sa.String(), nullable=True),
        sa.Column("embedding_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "document_languages",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'inactive')", name=op.f("ck_agents_status_known")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_agents_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["llm_settings_id"], ["llm_settings.id"], name=op.f("fk_agents_llm_settings_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
    )
    op.create_index("ix_agents_company_id_created_at", "agents", ["company_id", "created_at"], unique=False)
    op.create_table(
        "documents",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("content_type", sa.String(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("storage_name", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("status", sa.String(), server_default="uploaded", nullable=False),
        sa.Column("stage", sa.String(), server_default="queued", nullable=False),
        sa.Column("progress", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("character_count", sa.Integer(), nullable=True),
        sa.Column("chunk_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("source IN ('file', 'url')", name=op.f("ck_documents_source_known")),
        sa.CheckConstraint(
            "stage IN ('queued', 'fetching', 'extracting', 'embedding', 'done')", name=op.f("ck_documents_stage_known")
        ),
        sa.CheckConstraint(
            "status IN ('uploaded', 'processing', 'processed', 'error')", name=op.f("ck_documents_status_known")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_documents_agent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_documents_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["users.id"], name=op.f("fk_documents_uploaded_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_agent_id", "documents", ["agent_id"], unique=False)
    op.create_index("ix_documents_company_id_created_at", "documents", ["company_id", "created_at"], unique=False)
    op.create_index(
        "ix_documents_due",
        "documents",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('uploaded', 'processing')"),
    )
    op.create_index(
        "uq_documents_agent_id_content_hash",
        "documents",
        ["agent_id", "content_hash"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND content_hash IS NOT NULL AND source = 'file'"),
    )
    op.create_index(
        "uq_documents_agent_id_url",
        "documents",
        ["agent_id", "url"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND source = 'url'"),
    )
    op.create_table(
        "chunks",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("heading_path", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("page_end", sa.Integer(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("search", postgresql.TSVECTOR(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_chunks_agent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_chunks_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_chunks_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
    )
    op.create_index(
        "ix_chunks_deleted",
        "chunks",
        ["company_id", "deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_chunks_search", "chunks", ["company_id", "agent_id", "search"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "uq_chunks_document_id_generation_position", "chunks", ["document_id", "generation", "position"], unique=True
    )
    op.create_table(
        "conversations",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("max_context_length", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("next_sequence", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'closed')", name=op.f("ck_conversations_status_known")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_conversations_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_conversations_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_conversations_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conversations_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(
        "ix_conversations_agent_id_last_message_at", "conversations", ["agent_id", "last_message_at"], unique=False
    )
    op.create_index(
        "ix_conversations_company_id_created_at", "conversations", ["company_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_conversations_lead_id",
        "conversations",
        ["lead_id"],
        unique=False,
        postgresql_where=sa.text("lead_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_user_id",
        "conversations",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_table(
        "chunk_embeddings",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", HALFVEC(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_chunk_embeddings_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_chunk_embeddings_chunk_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_chunk_embeddings_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chunk_id", "space", name=op.f("pk_chunk_embeddings")),
    )
    op.create_index("ix_chunk_embeddings_agent_id_space", "chunk_embeddings", ["agent_id", "space"], unique=False)
    op.create_table(
        "messages",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reply_to_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("citations", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("feedback_rating", sa.String(), nullable=True),
        sa.Column("feedback_comment", sa.String(), nullable=True),
        sa.Column("feedback_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("feedback_rating IN ('up', 'down')", name=op.f("ck_messages_feedback_rating_known")),
        sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f("ck_messages_role_known")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_messages_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"], ["messages.id"], name=op.f("fk_messages_reply_to_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_company_id_created_at", "messages", ["company_id", "created_at"], unique=False)
    op.create_index("uq_messages_conversation_id_sequence", "messages", ["conversation_id", "sequence"], unique=True)
    op.create_index(
        "uq_messages_reply_to_id",
        "messages",
        ["reply_to_id"],
        unique=True,
        postgresql_where=sa.text("reply_to_id IS NOT NULL"),
    )
    op.create_table(
        "turns",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), server_default="queued", nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_delta_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_id", sa.Uuid(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("outcome IN ('answered', 'refused', 'small_talk')", name=op.f("ck_turns_outcome_known")),
        sa.CheckConstraint(
            "status IN ('queued', 'processing', 'completed', 'failed')", name=op.f("ck_turns_status_known")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_turns_agent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["answer_id"], ["messages.id"], name=op.f("fk_turns_answer_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_turns_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_turns_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_turns_message_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
    )
    op.create_index("ix_turns_company_id_created_at", "turns", ["company_id", "created_at"], unique=False)
    op.create_index(
        "ix_turns_due",
        "turns",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'processing')"),
    )
    op.create_index(
        "ix_turns_unfinished",
        "turns",
        ["conversation_id", "sequence"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'processing')"),
    )
    op.create_index("ix_turns_agent_id_created_at", "turns", ["agent_id", "created_at"], unique=False)
    op.create_index("uq_turns_message_id", "turns", ["message_id"], unique=True)
    op.create_table(
        "unanswered_questions",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_unanswered_questions_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_unanswered_questions_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_unanswered_questions_message_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_questions")),
    )
    op.create_index("ix_unanswered_questions_agent_id", "unanswered_questions", ["agent_id"], unique=False)
    op.create_index(
        "ix_unanswered_questions_company_id_created_at",
        "unanswered_questions",
        ["company_id", "created_at"],
        unique=False,
    )
    op.create_index("uq_unanswered_questions_message_id", "unanswered_questions", ["message_id"], unique=True)
    op.create_table(
        "model_calls",
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("input_price", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("output_price", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("currency", sa.String(), server_default="USD", nullable=False),
        sa.Column("cost", sa.Numeric(precision=16, scale=8), nullable=False),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('chat', 'embedding')", name=op.f("ck_model_calls_kind_known")),
        sa.CheckConstraint(
            "outcome IN ('ok', 'error', 'timeout', 'cancelled', 'rejected')", name=op.f("ck_model_calls_outcome_known")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_model_calls_agent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_model_calls_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_model_calls_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_model_calls_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_model_calls_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_model_calls_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    op.create_index("ix_model_calls_agent_id_created_at", "model_calls", ["agent_id", "created_at"], unique=False)
    op.create_index("ix_model_calls_company_id_created_at", "model_calls", ["company_id", "created_at"], unique=False)
    op.create_index(
        "ix_model_calls_turn_id",
        "model_calls",
        ["turn_id"],
        unique=False,
        postgresql_where=sa.text("turn_id IS NOT NULL"),
    )
    op.add_column("leads", sa.Column("agent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_leads_agent_id"), "leads", "agents", ["agent_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_leads_agent_id_created_at", "leads", ["agent_id", "created_at"], unique=False)
