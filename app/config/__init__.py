"""Settings: everything that an operator can choose, read once from the environment and checked at start."""

from app.config.settings import Settings, runtime_names
from app.config.values import Environment, SettingsError, setting, variable, with_driver, without_driver

__all__ = [
    "Environment",
    "Settings",
    "SettingsError",
    "runtime_names",
    "setting",
    "variable",
    "with_driver",
    "without_driver",
]
