"""Shapes of the audit log."""

from marshmallow import fields, validate

from app.http.fields import EXAMPLE_ID, Instant, identifier, moment
from app.http.schemas import ResponseSchema, StrictSchema, doc, text
from app.models.audit_entry import RiskLevel
from app.services.audit_log import MOST_SKIPPED

_MOST = 100
_SEAL = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class AuditLogQuery(StrictSchema):
    """Which entries are wanted. What is left out doesn't matter."""

    entity_type = text("On what kind of thing.", "user", max_length=100)
    entity_id = text("On which one.", EXAMPLE_ID, max_length=100)
    event_type = text("What happened.", "user_status_changed", max_length=100)
    risk_level = fields.Enum(RiskLevel, by_value=True, metadata=doc("How much it deserves a second look.", "high"))
    actor_id = identifier("Who did it: a user, an API key or a visitor.")
    created_after = Instant("At this moment or later.")
    created_before = Instant("Before this moment.")
    limit = fields.Integer(
        load_default=20, validate=validate.Range(1, _MOST), metadata=doc(f"Most entries, {_MOST} at most.", 20)
    )
    offset = fields.Integer(
        load_default=0,
        validate=validate.Range(0, MOST_SKIPPED),
        metadata=doc(f"How many are skipped, {MOST_SKIPPED} at most. Beyond, narrow it by `created_before`.", 0),
    )


class AuditEntryResponse(ResponseSchema):
    """Who did what, as whom, on what."""

    id = identifier("The id of the entry.")
    company_id = identifier("The company; null for the platform.", allow_none=True)
    position = fields.Integer(metadata=doc("Its place in the chain of the company, from 1.", 4711))
    event_type = fields.String(metadata=doc("What happened.", "user_status_changed"))
    risk_level = fields.String(metadata=doc("low, medium, high or critical.", "high"))
    entity_type = fields.String(metadata=doc("On what kind of thing.", "user"))
    entity_id = fields.String(allow_none=True, metadata=doc("On which one.", EXAMPLE_ID))
    actor_kind = fields.String(allow_none=True, metadata=doc("user, api_key or lead; null: nobody known.", "user"))
    actor_id = identifier("Who did it; null: nobody known.", allow_none=True)
    impersonator_id = identifier("The super admin who acted as them, if any.", allow_none=True)
    before = fields.Dict(allow_none=True, metadata=doc("What was before; secrets are masked.", {"status": "active"}))
    after = fields.Dict(allow_none=True, metadata=doc("What is since; secrets are masked.", {"status": "suspended"}))
    ip = fields.String(allow_none=True, metadata=doc("From which address.", "203.0.113.7"))
    user_agent = fields.String(allow_none=True, metadata=doc("With which program.", "Mozilla/5.0"))
    request_id = fields.String(allow_none=True, metadata=doc("In which request.", EXAMPLE_ID))
    created_at = moment("When.")
    seal = fields.Function(
        lambda entry: entry.seal.hex(),
        metadata={**doc("The seal on it and on all before it.", _SEAL), "type": "string"},
    )


class OffsetResponse(ResponseSchema):
    """Where a part of the log stands."""

    limit = fields.Integer(metadata=doc("Most entries that were wanted.", 20))
    offset = fields.Integer(metadata=doc("How many were skipped.", 0))
    total = fields.Integer(metadata=doc("How many fit.", 41))
    total_is_exact = fields.Boolean(
        metadata=doc("False: there are more than `total`, which is where counting ended.", True)
    )


class AuditLogResponse(ResponseSchema):
    """A part of the log, the newest first."""

    items = fields.List(fields.Nested(AuditEntryResponse), metadata={"description": "The entries."})
    pagination = fields.Nested(OffsetResponse, metadata={"description": "Where this part stands."})


class VerifyQuery(StrictSchema):
    """From where on the chain is verified, and what somebody outside knows of it."""

    after = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 2**62),
        metadata=doc("Goes on after this place: `checked_through` of the call before.", 0),
    )
    known_position = fields.Integer(
        validate=validate.Range(1, 2**62), metadata=doc("A place of which you have kept the seal.", 4711)
    )
    known_seal = fields.String(
        validate=validate.Regexp(r"^[0-9a-fA-F]{64}\Z"), metadata=doc("The seal that the entry there had.", _SEAL)
    )


class ProblemFoundResponse(ResponseSchema):
    """Something that was done by hand in the database."""

    kind = fields.String(
        metadata=doc("changed, removed, inserted, moved, rewritten, or head_changed (the chain's own row).", "changed")
    )
    detail = fields.String(metadata=doc("In words.", "This entry is not as it was written."))
    position = fields.Integer(allow_none=True, metadata=doc("The place; null for the chain's own row.", 4711))
    through_position = fields.Integer(
        allow_none=True, metadata=doc("The last place of a run of removed entries.", 4712)
    )
    entry_id = identifier("The entry, where there is one.", allow_none=True)


class VerificationResponse(ResponseSchema):
    """What was found in the chain. Keep `position` and `seal` elsewhere, and say them the next time: what came before
    can't be written anew unseen then."""

    company_id = identifier("The company; null for the platform.", allow_none=True)
    valid = fields.Boolean(metadata=doc("Whether everything that was looked at is as it was written.", True))
    complete = fields.Boolean(metadata=doc("False: call again with `after` = `checked_through`.", True))
    checked = fields.Integer(metadata=doc("How many entries were looked at.", 4711))
    checked_through = fields.Integer(metadata=doc("The last place that was looked at.", 4711))
    problem_count = fields.Integer(metadata=doc("How many problems there are.", 0))
    problems = fields.List(fields.Nested(ProblemFoundResponse), metadata={"description": "The first hundred of them."})
    position = fields.Integer(metadata=doc("The last place of the chain.", 4711))
    seal = fields.String(metadata=doc("The seal of the entry there.", _SEAL))
    forgotten_through = fields.Integer(metadata=doc("Entries up to this place were too old and are forgotten.", 0))
