"""Search over an agent's documents, for the team and for programs."""

from uuid import UUID

from app.ai import language
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.errors import NotFound
from app.repositories import agents
from app.repositories.passages import Passage
from app.security.principal import Principal
from app.services import evidence, model_choice


def search(principal: Principal, *, agent_id: UUID, query: str, limit: int) -> list[Passage]:
    """The passages that fit best, best first. Waits for the embedding model, so it opens its own transactions.

    Raises `NotFound` for another company's agent and `EmbeddingUnavailable`.
    """
    company_id = principal.company()
    with transaction():
        enter_company(company_id)
        agent = agents.get(company_id=company_id, agent_id=agent_id)
        if agent is None:
            raise NotFound
        languages = (*agent.languages, *agent.document_languages)
        space = agent.embedding_space
        choice = model_choice.find(company_id=company_id, agent_id=agent_id).embedding
    spoken = language.detect(query, candidates=languages)
    wanted = evidence.Wanted(
        company_id=company_id,
        agent_id=agent_id,
        space=space,
        choice=choice,
        languages=(spoken, *agent.document_languages),
        most=limit,
    )
    return evidence.look_up(wanted, query).passages
