"""Models at addresses that a company chose: where they lead is looked at before every call, since names may come to
mean something else after they were saved."""

import contextlib
import socket
from collections.abc import Generator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from urllib.parse import urlsplit

from app.ai.chat import ChatProvider, ChatRequest, Finished, ModelRejectedRequest, ModelUnreachable, TextDelta
from app.ai.embedding import Embedder, EmbeddingUnavailable, Vectors
from app.core.settings import settings
from app.errors import Invalid, Unavailable
from app.ingest import addresses
from app.ingest.addresses import Network
from app.ingest.errors import BlockedAddress, FetchTimedOut, NameNotFound

_PORTS = {"http": 80, "https": 443}
_LOOKUP_SECONDS = 5.0


class InternalAddress(Invalid):
    """An address that a company chose lies inside the operator's network."""

    code = "internal_address"
    detail = (
        "This address lies inside the network of this installation. Its operator can allow it with ALLOWED_NETWORKS."
    )


class HostNotFound(Unavailable):
    """The name of a company's server has no address now."""

    code = "ai_service_unavailable"
    detail = "The host of this address is not found."


def callable_addresses(host: str, port: int) -> list[str]:
    """The addresses that a model's host may be called at: looked up once, and none of them inside the operator's
    network. Raises OSError."""
    try:
        return addresses.resolve(host, port, allowed=_allowed(), timeout_seconds=_LOOKUP_SECONDS)
    except (BlockedAddress, NameNotFound, FetchTimedOut) as error:
        raise OSError(error.detail) from None


def refuse_internal(url: str) -> None:
    """Raises `InternalAddress` for a URL that leads inside the operator's network at this moment, and `HostNotFound`.

    Waits for a name server, so it has no place in a transaction.
    """
    parts = urlsplit(url)
    try:
        addresses.resolve(
            parts.hostname or "",
            parts.port or _PORTS.get(parts.scheme, 443),
            allowed=_allowed(),
            timeout_seconds=_LOOKUP_SECONDS,
        )
    except BlockedAddress:
        raise InternalAddress from None
    except (NameNotFound, FetchTimedOut):
        raise HostNotFound from None


def refuse_internal_literal(url: str) -> None:
    """Raises `InternalAddress` as far as it shows without asking anybody: for a host that is an address, however it is
    written, or a name for this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        host = "127.0.0.1"
    address = _literal(host)
    if address is not None and not addresses.is_callable(address, _allowed()):
        raise InternalAddress


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is; None for a name."""
    with contextlib.suppress(OSError, UnicodeError):
        # As resolvers take it: 127.1, 2130706433 and 0x7f.1 are addresses. They are not asked themselves, since the one
        # of eventlet takes these for names.
        return IPv4Address(socket.inet_aton(host.encode("idna").decode()))
    with contextlib.suppress(ValueError):
        return IPv6Address(host.partition("%")[0])  # without the zone of a link-local address (fe80::1%eth0)
    return None


def _allowed() -> tuple[Network, ...]:
    return _networks(settings().allowed_networks)


@lru_cache(maxsize=4)
def _networks(allowed: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network, strict=False) for network in allowed)


class GuardedChat:
    """A chat model at a company's address."""

    def __init__(self, inner: ChatProvider, url: str) -> None:
        self._inner = inner
        self._url = url

    @property
    def provider(self) -> str:
        """See `ChatProvider`."""
        return self._inner.provider

    @property
    def model(self) -> str:
        """See `ChatProvider`."""
        return self._inner.model

    def stream(self, request: ChatRequest) -> Generator[TextDelta | Finished]:
        """See `ChatProvider`."""
        source = f"{self.provider}/{self.model}"
        try:
            refuse_internal(self._url)
        except InternalAddress as error:
            raise ModelRejectedRequest(error.detail, source=source) from None
        except HostNotFound as error:
            raise ModelUnreachable(error.detail, source=source) from None
        yield from self._inner.stream(request)


class GuardedEmbedder:
    """An embedding model at a company's address."""

    def __init__(self, inner: Embedder, url: str) -> None:
        self._inner = inner
        self._url = url

    @property
    def model(self) -> str:
        """See `Embedder`."""
        return self._inner.model

    @property
    def dimension(self) -> int:
        """See `Embedder`."""
        return self._inner.dimension

    @property
    def max_tokens(self) -> int:
        """See `Embedder`."""
        return self._inner.max_tokens

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`."""
        self._look()
        return self._inner.embed_passages(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`."""
        self._look()
        return self._inner.embed_queries(texts)

    def embed_question(self, text: str, language: str) -> Vectors:
        """See `Embedder`."""
        self._look()
        return self._inner.embed_question(text, language)

    def _look(self) -> None:
        try:
            refuse_internal(self._url)
        except (InternalAddress, HostNotFound) as error:
            raise EmbeddingUnavailable(f"The embedding model {self.model!r}: {error.detail}") from None
