"""Countries, states and cities."""


def seed() -> None:
    """Placeholder until the address blueprint."""
