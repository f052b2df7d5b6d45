"""Visitors whom their company knows already: it signs who they are, and the widget asks them nothing.

The token is a JWT (RFC 7519), HS256 by the agent's identity secret, with `sub`, `aud` (the agent's id) and an `exp`
ten minutes ahead at most, so that one that leaks through a page or a log is worth little. Sent twice it says the same
twice.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from email_validator import EmailNotValidError, validate_email
from jwt.exceptions import ExpiredSignatureError, InvalidAudienceError, MissingRequiredClaimError, PyJWTError

from app.core.ids import new_id
from app.errors import Unauthenticated
from app.models.agent import Agent
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import agents as agent_rows
from app.repositories import leads as lead_rows
from app.services import agents, allowed_domains, lead_registration, leads, widget_config
from app.services.allowed_domains import AskingPage
from app.services.lead_registration import RegisteredLead

_ALGORITHM = "HS256"
_LONGEST_SECONDS = 600
_LEEWAY_SECONDS = 30
_LONGEST_SUBJECT = 200
_LONGEST_NAME = 100
# What would let a name look like something else between the words that the team reads.
_UNWANTED = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")


class IdentityRefused(Unauthenticated):
    """The token doesn't prove who the visitor is."""

    code = "identity_refused"
    detail = "The identity token is not valid."


@dataclass(frozen=True)
class Identity:
    """Who a company says that a visitor is. `subject` is its own id of them; what it didn't say is None."""

    subject: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None


def identify(agent_id: UUID, page_asking: AskingPage, *, token: str) -> RegisteredLead:
    """The lead that the token names, made when it is the first time, with tokens as registering gives them. Raises
    `NotFound` for an agent that takes no visitors, `OriginNotAllowed` and `IdentityRefused`."""
    agent = agents.enter_by_agent(agent_id)
    allowed_domains.check(widget_config.allowed_domains(widget_config.effective(agent)), page_asking)
    identity = _identity(_verified(agent, token))
    fresh = new_id()
    lead_id, changed = lead_rows.store_identified(
        company_id=agent.company_id,
        agent_id=agent.id,
        external_id=identity.subject,
        new_id=fresh,
        first_name=identity.first_name,
        last_name=identity.last_name,
        email=identity.email,
        phone=identity.phone,
        language=identity.language,
    )
    lead = leads.get_of(agent.company_id, lead_id)
    if lead_id == fresh:
        leads.tell(Type.LEAD_REGISTERED, lead)
    elif changed:
        leads.tell(Type.LEAD_UPDATED, lead)
    return lead_registration.welcome(lead)


def _verified(agent: Agent, token: str) -> Mapping[str, Any]:
    secret = agent_rows.find_identity_secret(company_id=agent.company_id, agent_id=agent.id)
    if secret is None:
        raise IdentityRefused("This agent has no identity secret. Make one with POST /v1/agent/<id>/identity-secret.")
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=str(agent.id),
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "sub", "aud"], "strict_aud": True},
        )
        lasts_until = float(claims["exp"])
    except ExpiredSignatureError:
        raise IdentityRefused("The identity token has expired. Sign a new one for every page.") from None
    except InvalidAudienceError:
        raise IdentityRefused("The identity token is for another agent: aud must be this agent's id.") from None
    except MissingRequiredClaimError as error:
        raise IdentityRefused(f"The identity token has no {error.claim}.") from None
    except (PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError):
        raise IdentityRefused from None
    if lasts_until > time.time() + _LONGEST_SECONDS + _LEEWAY_SECONDS:
        raise IdentityRefused("The identity token lives too long: exp may be ten minutes ahead at most.")
    return claims


def _identity(claims: Mapping[str, Any]) -> Identity:
    """What the claims say, by their names in OpenID Connect (Core 1.0, 5.1). What can't be used is left out: nobody
    should be locked out by a phone number that somebody once mistyped."""
    subject = claims["sub"]
    if not subject or len(subject) > _LONGEST_SUBJECT or _UNWANTED.search(subject):
        raise IdentityRefused(f"sub must be a text of 1 to {_LONGEST_SUBJECT} characters.")
    first, last = _line(claims, "given_name"), _line(claims, "family_name")
    if first is None and last is None:
        first, _, last = (_line(claims, "name") or "").partition(" ")
    return Identity(
        subject=subject,
        first_name=first or None,
        last_name=last or None,
        email=_email(claims),
        phone=_matching(claims, "phone_number", _PHONE),
        language=_matching(claims, "locale", _TAG),
    )


def _line(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if not isinstance(value, str) or _UNWANTED.search(value):
        return None
    return value.strip()[:_LONGEST_NAME] or None


def _matching(claims: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= 35 and pattern.fullmatch(value) else None


def _email(claims: Mapping[str, Any]) -> str | None:
    value = claims.get("email")
    if not isinstance(value, str) or len(value) > 254:
        return None
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
