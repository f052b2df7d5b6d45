"""Shapes of system metrics."""

from marshmallow import fields

from app.http.fields import identifier, moment
from app.http.schemas import ResponseSchema, doc

_COMPANYS = {
    "work": {"unfinished_turns": 0, "waiting_documents": 1, "turns": 40, "failed_turns": 0, "api_requests": 812},
    "storage": {"documents": 9, "bytes": 1_204_224, "chunks": 412},
    "providers": [{"provider": "openai", "model": "gpt-4o-mini", "calls": 40, "failed": 0, "mean_ms": 912.5}],
}


class SystemMetricResponse(ResponseSchema):
    """One collection."""

    id = identifier("The collection.")
    company_id = identifier("Whose it is; null: the platform's.", allow_none=True)
    created_at = moment("When it was measured.")
    measured = fields.Raw(
        metadata={
            **doc(
                "What was measured. Of a company: `work` (now, and of the last 15 minutes), `storage`, `providers`. Of "
                "the platform: `process`, `host`, `postgres`, `redis`, `queues`, `checks`, `work`, `providers`.",
                _COMPANYS,
            ),
            "type": "object",
        }
    )


class SystemMetricsResponse(ResponseSchema):
    """The newest collections."""

    items = fields.List(
        fields.Nested(SystemMetricResponse), metadata={"description": "The newest fifty, the newest first."}
    )
