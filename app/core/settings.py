"""The settings of this process, for the layers that no application object reaches."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.config import Settings

PROJECT = Path(__file__).resolve().parents[2]

_given: Settings | None = None
_settings: Settings | None = None


def configure(settings: Settings) -> None:
    """Called once by `create_app`."""
    global _given, _settings  # noqa: PLW0603 - one installation a process, set at start
    _given = _settings = settings


def override(values: Mapping[str, Any]) -> None:
    """From now on these values hold in place of those that were given at start; nothing changes any other way.

    Raises `SettingsError` for what could not have been given either.
    """
    global _settings  # noqa: PLW0603 - see above
    _settings = dataclasses.replace(given(), **values)


def given() -> Settings:
    """The settings as they were given at start."""
    if _given is None:
        raise RuntimeError("settings.configure() has not been called")
    return _given


def settings() -> Settings:
    """The settings that hold at the moment. They may change from call to call (`app.services.runtime_settings`)."""
    if _settings is None:
        raise RuntimeError("settings.configure() has not been called")
    return _settings
