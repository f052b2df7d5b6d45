"""The settings of this process, for the layers that no application object reaches."""

from pathlib import Path

from app.config import Settings

PROJECT = Path(__file__).resolve().parents[2]

_settings: Settings | None = None


def configure(settings: Settings) -> None:
    """Called once by `create_app`."""
    global _settings  # noqa: PLW0603 - one installation a process, set at start
    _settings = settings


def settings() -> Settings:
    """The settings of this process."""
    if _settings is None:
        raise RuntimeError("settings.configure() has not been called")
    return _settings
