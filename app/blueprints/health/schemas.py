"""Shapes of the health routes."""

from marshmallow import fields

from app.http.schemas import ResponseSchema, doc


class HealthResponse(ResponseSchema):
    """The process lives."""

    status = fields.String(metadata=doc("Always `ok`: a process that can't answer doesn't.", "ok"))


class CheckResponse(ResponseSchema):
    """One thing that readiness looks at."""

    name = fields.String(metadata=doc("What was looked at.", "postgres"))
    ok = fields.Boolean(metadata=doc("Whether it is well.", True))
    detail = fields.String(metadata=doc("What was found, or what to do.", "answers"))
    milliseconds = fields.Float(metadata=doc("How long looking took.", 1.2))


class ReadinessResponse(ResponseSchema):
    """Whether requests should be sent here."""

    status = fields.String(metadata=doc("`ready` or `not_ready`.", "ready"))
    checks = fields.List(fields.Nested(CheckResponse), metadata={"description": "Everything that was looked at."})
