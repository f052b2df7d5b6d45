"""What answering a turn costs, whether or not an answer comes of it: the vendors of models want to be paid."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.core.clock import now
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.models.turn import TurnStatus
from app.repositories import model_calls, turns
from app.repositories.turns import Claim
from app.services.call_costs import Call


@dataclass
class Spent:
    """The calls of one attempt at a turn, of answers too that were given up for another one."""

    lead_id: UUID | None = None
    calls: list[Call] = field(default_factory=list)

    def store(self, claim: Claim, at: datetime) -> None:
        """Stores them in the running transaction, with how the turn ended: once."""
        model_calls.add_all([call.row(claim, self.lead_id, at) for call in self.calls])

    def store_called_off(self, claim: Claim) -> None:
        """Stores them when nobody wants the answer any more, however it came to its end. When another worker has taken
        the turn, it bills it."""
        if not self.calls:
            return
        with transaction():
            enter_company(claim.company_id)
            turn = turns.get(company_id=claim.company_id, conversation_id=claim.conversation_id, turn_id=claim.turn_id)
            if turn is not None and turn.status == TurnStatus.FAILED and turn.attempt == claim.attempt:
                self.store(claim, now())
