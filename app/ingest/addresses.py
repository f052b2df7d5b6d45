"""Which network addresses we call for a document; the rules are those of `app.core.addresses`."""

from collections.abc import Sequence

from app.core import addresses
from app.core.addresses import Address, Network, is_callable
from app.ingest.errors import BlockedAddress, FetchTimedOut, NameNotFound

__all__ = ["Address", "Network", "is_callable", "resolve"]


def resolve(host: str, port: int, *, allowed: Sequence[Network] = (), timeout_seconds: float = 10.0) -> list[str]:
    """The same as there, with errors that a document can carry: `BlockedAddress`, `NameNotFound`, `FetchTimedOut`."""
    try:
        return addresses.resolve(host, port, allowed=allowed, timeout_seconds=timeout_seconds)
    except addresses.AddressBlocked:
        raise BlockedAddress from None
    except addresses.NameUnknown:
        raise NameNotFound from None
    except addresses.LookupTimedOut:
        raise FetchTimedOut from None
