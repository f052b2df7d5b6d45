"""What calls to models cost, at the prices of the moment."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from app.ai.pricing import cost
from app.ai.resilience import CallRecord
from app.core.ids import new_id
from app.models.model_call import ModelCall
from app.models.provider_model import ModelType
from app.repositories.turns import Claim

_FREE = Decimal(0)
_MOST_TOKENS = 2**31 - 1


@dataclass(frozen=True)
class Call:
    """One call with its prices per million tokens. Stored again under the same `id`, it counts once."""

    record: CallRecord
    provider_name: str
    kind: ModelType
    input_price: Decimal | None
    output_price: Decimal | None
    currency: str
    id: UUID = field(default_factory=new_id, compare=False)

    def row(self, claim: Claim, lead_id: UUID | None, at: datetime) -> ModelCall:
        """The row that the turn is billed by."""
        row = self.row_of(claim.company_id, claim.agent_id)
        row.conversation_id, row.turn_id, row.lead_id = claim.conversation_id, claim.turn_id, lead_id
        row.created_at = at
        return row

    def row_of(self, company_id: UUID, agent_id: UUID | None) -> ModelCall:
        """The row that a call of no turn is billed by."""
        record = self.record
        # Servers say what they like; a column holds 31 bits.
        tokens_in, tokens_out = (
            min(max(each, 0), _MOST_TOKENS) for each in (record.input_tokens, record.output_tokens)
        )
        return ModelCall(
            id=self.id,
            company_id=company_id,
            agent_id=agent_id,
            provider=self.provider_name,
            model=record.model,
            kind=self.kind,
            outcome=record.outcome,
            error_code=record.error_code,
            attempt=record.attempt,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            estimated=record.estimated,
            input_price=self.input_price,
            output_price=self.output_price,
            currency=self.currency,
            cost=cost(
                tokens_in,
                tokens_out,
                input_price_per_million=self.input_price or _FREE,
                output_price_per_million=self.output_price or _FREE,
            ),
            first_token_ms=record.ttft_ms,
            total_ms=record.total_ms,
        )
