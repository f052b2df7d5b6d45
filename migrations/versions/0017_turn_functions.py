"""What runs for every message is planned once in a connection, not at every call, and a turn is taken in one step.

Postgres plans these statements for longer than it runs them (the chain of models for 1.0 of 1.3 ms): functions keep
their plans. They run as whoever calls them, so the wall between companies holds inside of them, too.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Nobody has the turn, and nobody answers an earlier message of the conversation. Enters the company first.
_CLAIM = """
CREATE FUNCTION frontdesk_claim_turn(
    wanted_company uuid, wanted_turn uuid, moment timestamptz, lease_end timestamptz
) RETURNS TABLE (attempt integer, message_id uuid, conversation_id uuid, agent_id uuid, sequence integer)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.company_id', wanted_company::text, true);
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
# What answering a message needs to know; no row when the message, its conversation or its agent is deleted. `said`:
# role and text of the live messages before it, the latest first.
_CONTEXT = """
CREATE FUNCTION frontdesk_turn_context(wanted_company uuid, wanted_message uuid, most_said integer)
RETURNS TABLE (question text, max_context_length integer, lead_id uuid, agent_name text, instructions text,
    personality_traits text[], languages text[], document_languages jsonb, embedding_space text, has_data boolean,
    said jsonb)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT m.content::text, c.max_context_length, c.lead_id, a.name::text, a.instructions::text,
        a.personality_traits::text[], a.languages::text[], a.document_languages, a.embedding_space::text,
        EXISTS (
            SELECT FROM database_connections d
            JOIN database_tables t ON t.company_id = wanted_company AND t.connection_id = d.id AND t.answers_visitors
                AND t.deleted_at IS NULL
            WHERE d.company_id = wanted_company AND d.agent_id = a.id AND d.deleted_at IS NULL
        ),
        (SELECT coalesce(jsonb_agg(jsonb_build_array(b.role, b.content)), '[]') FROM (
            SELECT e.role, e.content FROM messages e
            WHERE e.company_id = wanted_company AND e.conversation_id = m.conversation_id AND e.deleted_at IS NULL
                AND e.sequence < m.sequence
            ORDER BY e.sequence DESC LIMIT most_said
        ) b)
    FROM messages m
    JOIN conversations c ON c.company_id = wanted_company AND c.id = m.conversation_id AND c.deleted_at IS NULL
    JOIN agents a ON a.company_id = wanted_company AND a.id = c.agent_id AND a.deleted_at IS NULL
    WHERE m.company_id = wanted_company AND m.id = wanted_message AND m.deleted_at IS NULL;
END
$$;
"""
# The settings that an agent works with and those they fall back to, in the order in which they are asked.
_CHAIN = """
CREATE FUNCTION frontdesk_model_chain(wanted_company uuid, wanted_agent uuid, longest integer)
RETURNS TABLE (settings_id uuid, llm_api_key text, llm_temperature double precision, llm_max_tokens integer,
    llm_additional_params jsonb, llm_type text, llm_provider text, llm_model text, llm_base_url text,
    input_price numeric, output_price numeric, currency text, llm_active boolean, embedding_api_key text,
    embedding_additional_params jsonb, embedding_type text, embedding_provider text, embedding_model text,
    embedding_base_url text, embedding_dimension integer, model_dimension integer, embedding_window integer,
    embedding_price numeric, embedding_currency text, embedding_active boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE chosen AS (
        SELECT s.id
        FROM llm_settings s
        LEFT JOIN agents a ON a.company_id = wanted_company AND a.id = wanted_agent
        WHERE s.company_id = wanted_company
          AND (s.id = a.llm_settings_id OR s.agent_id = wanted_agent OR (s.agent_id IS NULL AND s.is_default))
        ORDER BY (s.id = a.llm_settings_id) IS TRUE DESC, (s.agent_id = wanted_agent) IS TRUE DESC, s.is_default DESC,
            s.created_at DESC, s.id DESC
        LIMIT 1
    ), chain AS (
        SELECT s.id, s.fallback_settings_id, ARRAY[s.id] AS asked
        FROM llm_settings s JOIN chosen ON chosen.id = s.id
        WHERE s.company_id = wanted_company
        UNION ALL
        SELECT s.id, s.fallback_settings_id, chain.asked || s.id
        FROM llm_settings s JOIN chain ON s.id = chain.fallback_settings_id
        WHERE s.company_id = wanted_company AND s.id <> ALL (chain.asked) AND cardinality(chain.asked) <= longest
    )
    SELECT s.id, s.llm_api_key::text, s.llm_temperature, s.llm_max_tokens, s.llm_additional_params,
        lp.type::text, lp.name::text, lm.provider_model_id::text, coalesce(s.llm_api_base_url, lp.api_base_url)::text,
        lm.input_price, lm.output_price, lm.currency::text, lp.status = 'active' AND lm.status = 'active',
        s.embedding_api_key::text, s.embedding_additional_params,
        ep.type::text, ep.name::text, em.provider_model_id::text,
        coalesce(s.embedding_api_base_url, ep.api_base_url)::text,
        coalesce(s.embedding_dimension, em.embedding_dimension), em.embedding_dimension, em.context_window,
        em.input_price, em.currency::text, ep.status = 'active' AND em.status = 'active'
    FROM chain
    JOIN llm_settings s ON s.company_id = wanted_company AND s.id = chain.id
    JOIN providers lp ON lp.company_id = wanted_company AND lp.id = s.llm_provider_id
    JOIN provider_models lm ON lm.company_id = wanted_company AND lm.id = s.llm_model_id
    JOIN providers ep ON ep.company_id = wanted_company AND ep.id = s.embedding_provider_id
    JOIN provider_models em ON em.company_id = wanted_company AND em.id = s.embedding_model_id
    ORDER BY cardinality(chain.asked);
END
$$;
"""
# Stores a message and its turn at the conversation's next place; no row, and nothing stored, when the conversation
# takes no message from this lead (null: from anybody of the company). `followed`: a webhook wants to hear of it.
_ASK = """
CREATE FUNCTION frontdesk_ask(
    wanted_company uuid, wanted_conversation uuid, asking_lead uuid, new_message uuid, new_turn uuid,
    new_content text, new_title text, moment timestamptz, turn_due_at timestamptz, most_unfinished integer
) RETURNS TABLE (place integer, followed boolean)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH talk AS (
        UPDATE conversations c SET next_sequence = c.next_sequence + 1, last_message_at = moment, updated_at = moment,
            title = coalesce(c.title, new_title)
        WHERE c.company_id = wanted_company AND c.id = wanted_conversation AND c.deleted_at IS NULL
            AND c.status = 'active' AND (asking_lead IS NULL OR c.lead_id = asking_lead)
            AND EXISTS (SELECT FROM agents a WHERE a.company_id = wanted_company AND a.id = c.agent_id
                AND a.deleted_at IS NULL AND a.status = 'active')
            AND (SELECT count(*) FROM turns t WHERE t.company_id = wanted_company AND t.conversation_id = c.id
                AND t.status IN ('queued', 'processing')) < most_unfinished
        RETURNING c.id, c.agent_id, c.next_sequence - 1 AS place
    ), message AS (
        INSERT INTO messages (id, company_id, conversation_id, sequence, role, content, created_at, updated_at)
        SELECT new_message, wanted_company, talk.id, talk.place, 'user', new_content, moment, moment FROM talk
    )
    INSERT INTO turns (id, company_id, conversation_id, message_id, agent_id, sequence, status, due_at,
        created_at, updated_at)
    SELECT new_turn, wanted_company, talk.id, new_message, talk.agent_id, talk.place, 'queued', turn_due_at, moment,
        moment
    FROM talk
    RETURNING turns.sequence, EXISTS (
        SELECT FROM webhooks w WHERE w.company_id = wanted_company AND w.status IN ('active', 'switched_off')
            AND (cardinality(w.event_types) = 0 OR 'message.created' = ANY (w.event_types))
    );
END
$$;
"""


# Passages with any of these words, each looked up with its configuration's dictionary: without stop words, cut to their
# stems, none of them taken for an operator.
_ANY_WORD = r"""
CREATE FUNCTION frontdesk_any_word(configurations text[], words text[]) RETURNS tsquery
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(string_agg(
            $q$'$q$ || replace(replace(lexeme, $q$\$q$, $q$\\$q$), $q$'$q$, $q$''$q$) || $q$'$q$, ' | '), '')::tsquery
        FROM (
            SELECT DISTINCT lexeme FROM unnest(configurations, words) AS each (configuration, terms),
                unnest(to_tsvector(configuration::regconfig, terms))
        ) found
    );
END
$$;
"""
# Whether all of these passages can still be cited. A deletion either is seen here, or waits until what cites them is
# stored: whoever deletes passages changes their document's row, too. Only that is locked, for some deletions come to
# the passage first and others to the document, and locks on both were a deadlock with one of them.
_LOCK_CITED = """
CREATE FUNCTION frontdesk_lock_cited(wanted_company uuid, cited uuid[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    live integer;
BEGIN
    PERFORM FROM documents d
        WHERE d.company_id = wanted_company AND d.id IN (
            SELECT c.document_id FROM chunks c WHERE c.company_id = wanted_company AND c.id = ANY (cited))
        ORDER BY d.id FOR SHARE;
    PERFORM FROM chunks c
        JOIN documents d ON d.id = c.document_id AND d.company_id = wanted_company AND d.deleted_at IS NULL
            AND d.generation = c.generation
        WHERE c.company_id = wanted_company AND c.id = ANY (cited) AND c.deleted_at IS NULL;
    GET DIAGNOSTICS live = ROW_COUNT;
    RETURN live = cardinality(cited);
END
$$;
"""
# Stores an answer at the conversation's next place and finishes its turn. Enters the company first. `state`: stored;
# outdated, when what it cites was deleted; lost, when the turn isn't this attempt's any more, the message has an
# answer, or the conversation is deleted: then the transaction has to be rolled back. `followed`: a webhook wants it.
# `waiting`: the turn that is next in the conversation.
_STORE_ANSWER = """
CREATE FUNCTION frontdesk_store_answer(
    wanted_company uuid, wanted_conversation uuid, wanted_turn uuid, wanted_attempt integer, answered uuid,
    cited uuid[], new_message uuid, new_content text, new_language text, new_citations jsonb, new_metadata jsonb,
    new_outcome text, began_at timestamptz, moment timestamptz
) RETURNS TABLE (state text, place integer, followed boolean, waiting uuid)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    taken integer;
BEGIN
    PERFORM set_config('app.company_id', wanted_company::text, true);
    IF cardinality(cited) > 0 AND NOT frontdesk_lock_cited(wanted_company, cited) THEN
        RETURN QUERY SELECT 'outdated', NULL::integer, false, NULL::uuid;
        RETURN;
    END IF;
    UPDATE conversations SET next_sequence = next_sequence + 1, last_message_at = moment, updated_at = moment
        WHERE company_id = wanted_company AND id = wanted_conversation AND deleted_at IS NULL
        RETURNING next_sequence - 1 INTO taken;
    IF FOUND THEN
        INSERT INTO messages (id, company_id, conversation_id, sequence, role, content, reply_to_id, language,
            citations, metadata, created_at, updated_at)
        VALUES (new_message, wanted_company, wanted_conversation, taken, 'assistant', new_content, answered,
            new_language, new_citations, new_metadata, moment, moment)
        ON CONFLICT DO NOTHING;
    END IF;
    IF FOUND THEN
        UPDATE turns SET status = 'completed', outcome = new_outcome, first_delta_at = began_at, finished_at = moment,
            answer_id = new_message, updated_at = moment
        WHERE company_id = wanted_company AND id = wanted_turn AND attempt = wanted_attempt AND status = 'processing';
    END IF;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'lost', NULL::integer, false, NULL::uuid;
        RETURN;
    END IF;
    RETURN QUERY SELECT 'stored', taken,
        EXISTS (SELECT FROM webhooks w WHERE w.company_id = wanted_company AND w.status IN ('active', 'switched_off')
            AND (cardinality(w.event_types) = 0 OR 'message.completed' = ANY (w.event_types))),
        (SELECT t.id FROM turns t WHERE t.company_id = wanted_company AND t.conversation_id = wanted_conversation
            AND t.status = 'queued' ORDER BY t.sequence LIMIT 1);
END
$$;
"""


def upgrade() -> None:
    for statement in (_CLAIM, _CONTEXT, _CHAIN, _ASK, _ANY_WORD, _LOCK_CITED, _STORE_ANSWER):
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "DROP FUNCTION frontdesk_store_answer(uuid, uuid, uuid, integer, uuid, uuid[], uuid, text, text, jsonb, jsonb,"
        " text, timestamptz, timestamptz)"
    )
    op.execute("DROP FUNCTION frontdesk_lock_cited(uuid, uuid[])")
    op.execute("DROP FUNCTION frontdesk_any_word(text[], text[])")
    op.execute(
        "DROP FUNCTION frontdesk_ask(uuid, uuid, uuid, uuid, uuid, text, text, timestamptz, timestamptz, integer)"
    )
    op.execute("DROP FUNCTION frontdesk_model_chain(uuid, uuid, integer)")
    op.execute("DROP FUNCTION frontdesk_turn_context(uuid, uuid, integer)")
    op.execute("DROP FUNCTION frontdesk_claim_turn(uuid, uuid, timestamptz, timestamptz)")
