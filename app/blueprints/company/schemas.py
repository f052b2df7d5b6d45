"""Shapes of the company routes."""

from marshmallow import fields, validate

from app.http.fields import Url, email, identifier, moment, phone
from app.http.rate_limits import Category
from app.http.schemas import ResponseSchema, StrictSchema, doc, page_of, text
from app.http.shared import CompanyResponse
from app.models.company import CompanyStatus

_MOST_IDS = 100
_LIMITED = [each.value for each in Category if each is not Category.UNLIMITED]


def _name(**extra: bool) -> fields.String:
    return text("The company's name.", "Acme Travel", **extra)


def _logo() -> Url:
    return Url(
        schemes={"http", "https"},
        require_tld=False,
        allow_none=True,
        validate=validate.Length(max=2000),
        metadata=doc("Address of the logo.", "https://acme.example/logo.png"),
    )


class CreateCompanyRequest(StrictSchema):
    """A new company. As multipart/form-data the logo is a picture instead of an address."""

    name = _name(required=True)
    email = email("Where the company is reached.", "hello@acme.example", required=True)
    phone = phone("Phone number with its country code.", allow_none=True)
    logo = _logo()
    address_id = identifier("Reserved: a new company has no address yet.", allow_none=True)


# The same as a form, where the logo is a file.
SIGN_UP_FORM = {
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["name", "email"],
                "additionalProperties": False,
                "properties": {
                    "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 200,
                        "description": "The company's name.",
                        "example": "Acme Travel",
                    },
                    "email": {
                        "type": "string",
                        "format": "email",
                        "maxLength": 254,
                        "description": "Where the company is reached.",
                        "example": "hello@acme.example",
                    },
                    "phone": {
                        "type": "string",
                        "maxLength": 40,
                        "description": "Phone number with its country code.",
                        "example": "+34911234567",
                    },
                    "logo": {"type": "string", "format": "binary", "description": "PNG, JPEG, WebP or GIF."},
                },
            }
        }
    }
}


class UpdateCompanyRequest(StrictSchema):
    """Any subset of a company's fields."""

    name = _name()
    email = email("Where the company is reached.", "hello@acme.example")
    phone = phone("Phone number with its country code; null removes it.", allow_none=True)
    logo = _logo()
    address_id = identifier("One of the company's addresses; null removes it.", allow_none=True)


class PatchCompanyRequest(UpdateCompanyRequest):
    """What a super admin can change: also what a company can't choose for itself."""

    status = fields.Enum(
        CompanyStatus,
        by_value=True,
        metadata=doc("A suspended company's users, keys and visitors are turned away.", "suspended"),
    )
    rate_limits = fields.Dict(
        keys=fields.String(validate=validate.OneOf(_LIMITED)),
        values=fields.Integer(strict=True, validate=validate.Range(1, 1_000_000)),
        metadata=doc(
            "Calls a minute by category where they differ from the installation's; replaces what was set before.",
            {"general": 500},
        ),
    )


class CreatedCompanyResponse(CompanyResponse):
    """A new company, with the token that its first admin registers with."""

    setup_token = fields.String(metadata=doc("Shown this once; goes into POST /v1/auth/register.", "ImU4…"))


CompanyPage = page_of(CompanyResponse)


class CompanyIdsRequest(StrictSchema):
    """Several companies."""

    company_ids = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(min=1, max=_MOST_IDS),
        metadata=doc(f"Ids of companies, {_MOST_IDS} at most.", ["0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"]),
    )


class CompanyIdsResponse(ResponseSchema):
    """The companies that were changed."""

    company_ids = fields.List(
        fields.UUID(), metadata=doc("Ids of the companies.", ["0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"])
    )


class StatisticsQuery(StrictSchema):
    """The window of the statistics."""

    days = fields.Integer(
        load_default=30, validate=validate.Range(1, 3650), metadata=doc("How many days back, up to now.", 30)
    )


class LeadStatisticsResponse(ResponseSchema):
    """Leads of a company."""

    company_id = identifier("The company.")
    days = fields.Integer(metadata=doc("The window, in days.", 30))
    total = fields.Integer(metadata=doc("All leads there are.", 812))
    recent = fields.Integer(metadata=doc("Leads that came in the window.", 41))
    by_status = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Leads of the window by status.", {"new": 30})
    )
    by_source = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Leads of the window by source.", {"widget": 38})
    )
    by_day = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata=doc("Leads of the window by UTC day; days without any are left out.", {"2026-11-21": 3}),
    )
    conversion_rate = fields.Float(metadata=doc("Share of the window's leads that are converted, 0 to 1.", 0.12))


class RelatedDataResponse(ResponseSchema):
    """What belongs to a company."""

    company_id = identifier("The company.")
    counts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Rows by table.", {"users": 4, "leads": 812})
    )
    total = fields.Integer(metadata=doc("Rows in all.", 816))
    cascades = fields.List(
        fields.String(),
        metadata=doc(
            "The tables whose rows a cascading deletion takes along; those of others stay.", ["leads", "users"]
        ),
    )


class CascadeDeleteRequest(StrictSchema):
    """How far a deletion goes."""

    delete_related = fields.Boolean(
        load_default=False, metadata=doc("Whether everything of the company that can be restored is deleted too.", True)
    )


class CascadeDeleteResponse(ResponseSchema):
    """A deletion, and how far it, or the way back, is."""

    company_id = identifier("The deleted company.")
    deletion_id = identifier("The deletion; what went together comes back together.")
    status = fields.String(metadata=doc("deleting, deleted, restoring or restored.", "deleting"))
    cascades = fields.Boolean(metadata=doc("Whether it takes along what belongs to the company.", True))
    deleted = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Rows deleted with it, by table.", {"leads": 812})
    )
    restored = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Rows that are back, by table.", {"leads": 0})
    )
    total = fields.Integer(allow_none=True, metadata=doc("Rows in all; null: not counted yet.", 816))
    progress = fields.Float(metadata=doc("How far it is, 0 to 1.", 0.5))
    started_at = moment("When the company was deleted.")
    finished_at = moment("When everything was done; null: not yet.", allow_none=True)
