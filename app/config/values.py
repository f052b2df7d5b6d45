"""What settings are made of: fields with a sentence about each, and values read from text."""

import dataclasses
import types
from dataclasses import field
from enum import StrEnum
from typing import Any


class Environment(StrEnum):
    """Where this process runs. Production refuses defaults that are only good on a desk."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class SettingsError(ValueError):
    """The environment can't be used. The message names the variable and what it should hold."""


def setting(help: str, default: Any = dataclasses.MISSING, *, runtime: bool = False) -> Any:
    """A field of `Settings`, with the sentence that the configuration table of the README prints. With `runtime` super
    admins can change it while everything runs: nothing may remember it then."""
    return field(default=default, metadata={"help": help, "runtime": runtime})


def with_driver(url: str) -> str:
    """A Postgres URL for SQLAlchemy, whose own default is another driver than ours."""
    return "postgresql+psycopg2://" + url.partition("://")[2]


def without_driver(url: str) -> str:
    """A Postgres URL for libpq."""
    return "postgresql://" + url.partition("://")[2]


def variable(name: str) -> str:
    """The environment variable of a field."""
    return "FRONTDESK_ENV" if name == "environment" else name.upper()


def parse(name: str, text: str, kind: Any) -> Any:
    """The value of a variable, of the type that its field has. Raises `SettingsError`."""
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        if isinstance(kind, types.GenericAlias):
            return tuple(part.strip() for part in text.split(",") if part.strip())
        return kind(text)
    except (KeyError, ValueError):
        wanted = getattr(kind, "__name__", str(kind))
        raise SettingsError(f"{name}={text!r} can't be read as {wanted}.") from None
