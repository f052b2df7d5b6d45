"""Which sites may show an agent's widget: written like `acme.example`, `*.acme.example`, `localhost:3000` or, with a
scheme, `http://intranet`. They become sources of a Content-Security-Policy, and what `Origin` headers are held against.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from app.core.settings import settings
from app.errors import Forbidden

MOST = 50
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# No more than a policy's host-source may be (https://www.w3.org/TR/CSP3/#grammardef-host-source): anything else could
# end the directive and begin another.
_DOMAIN = re.compile(rf"(?:(https?)://)?(\*\.)?({_LABEL}(?:\.{_LABEL})*)(?::(\d{{1,5}}))?")
_LONGEST_HOST = 253


class OriginNotAllowed(Forbidden):
    """A page of a site that the agent is not for."""

    code = "origin_not_allowed"
    detail = "This agent's widget is not for the site that asked."


@dataclass(frozen=True)
class AskingPage:
    """The page that calls: its `Origin` header, if there is one, and the origins of this installation, where the panel
    is."""

    origin: str | None = None
    own: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Domain:
    """One site, or with `below` all sites below a host. Without a scheme: https, and http on an installation that is
    served by http itself, as browsers read such a source. Without a port: the scheme's own."""

    host: str
    below: bool = False
    scheme: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads one; raises ValueError with a sentence for whoever wrote it."""
        found = _DOMAIN.fullmatch(_ascii(text.strip().lower()))
        if not found or len(found[3]) > _LONGEST_HOST or not 0 < int(found[4] or 1) < 65_536:
            raise ValueError(
                "Not a domain. Write it as acme.example, *.acme.example or localhost:3000, without a path."
            )
        return cls(host=found[3], below=bool(found[2]), scheme=found[1], port=int(found[4]) if found[4] else None)

    def __str__(self) -> str:
        """As a policy names it."""
        scheme = f"{self.scheme}://" if self.scheme else ""
        port = f":{self.port}" if self.port else ""
        return f"{scheme}{'*.' if self.below else ''}{self.host}{port}"

    def covers(self, origin: str) -> bool:
        """Whether an `Origin` is of this site."""
        try:
            parts = urlsplit(origin)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.scheme not in self._schemes():
            return False
        own = _DEFAULT_PORTS[parts.scheme]
        if (port or own) != (self.port or own):
            return False
        return host.endswith(f".{self.host}") if self.below else host == self.host

    def _schemes(self) -> set[str]:
        if self.scheme:
            return {self.scheme}
        return {"https"} if settings().public_url.startswith("https:") else {"http", "https"}


def sources(domains: Sequence[str]) -> list[str]:
    """The domains as a policy's sources; nothing at all for none, which leaves every site free to embed. What can't be
    read, in a row from before there were rules, lets nobody in."""
    if not domains:
        return []
    read = [str(domain) for domain in _readable(domains)]
    return read or ["'none'"]


def check(domains: Sequence[str], page: AskingPage) -> None:
    """Raises `OriginNotAllowed` when there are domains and the page that calls is neither ours nor theirs."""
    if not domains or page.origin in page.own:
        return
    if page.origin is None or not any(domain.covers(page.origin) for domain in _readable(domains)):
        raise OriginNotAllowed


def origin_of(url: str | None) -> str | None:
    """The origin of an address in the form that policies name it; None when there is none that can be written so."""
    try:
        parts = urlsplit(url or "")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in {"http", "https"} or not host or not _is_plain(host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")


def _is_plain(host: str) -> bool:
    return all(part and part.replace("-", "").isalnum() and part.isascii() for part in host.rstrip(".").split("."))


def _readable(domains: Sequence[str]) -> list[Domain]:
    read = []
    for each in domains:
        try:
            read.append(Domain.parse(each))
        except (ValueError, AttributeError):
            continue
    return read


def _ascii(text: str) -> str:
    """Names in other scripts as DNS and browsers write them (bücher.example: xn--bcher-kva.example)."""
    if text.isascii():
        return text
    scheme, mark, rest = text.rpartition("://")
    try:
        return scheme + mark + rest.encode("idna").decode()
    except UnicodeError:
        return ""
