"""Reading the URL of a customer's database: what it may name, and what it may not. Asks nobody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.textsql.failures import UrlRefused
from app.textsql.schema import Dialect

# By the part of the scheme before any "+driver".
_DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "postgres": Dialect.POSTGRESQL,
        "postgresql": Dialect.POSTGRESQL,
        "mysql": Dialect.MYSQL,
        "mariadb": Dialect.MYSQL,
        "sqlite": Dialect.SQLITE,
    }
)
_TYPES = {"postgres": "postgresql", "sqlite3": "sqlite"}
PORTS: Mapping[Dialect, int] = MappingProxyType({Dialect.POSTGRESQL: 5432, Dialect.MYSQL: 3306})
# Everything else that drivers take in a URL is refused: other hosts (`host`, `hostaddr`, `unix_socket`), files of ours
# (`service`, `passfile`, `sslkey`, `read_default_file`, `ssl_ca`), behaviour (`options`, `local_infile`).
_TLS_PARAMETERS: Mapping[Dialect, tuple[str, ...]] = MappingProxyType(
    {Dialect.POSTGRESQL: ("sslmode",), Dialect.MYSQL: ("ssl_mode", "ssl-mode", "sslmode")}
)
_IGNORED_PARAMETERS: Mapping[Dialect, tuple[str, ...]] = MappingProxyType(
    {Dialect.POSTGRESQL: ("application_name", "connect_timeout"), Dialect.MYSQL: ("charset", "connect_timeout")}
)
_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
_LONGEST_URL = 2_000


class Tls(StrEnum):
    """How a connection is encrypted. `prefer`: where the server can; `require`: or not at all; `verify`: and only with
    a certificate of the host that a known authority signed."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY = "verify"


_TLS_WORDS: Mapping[str, Tls] = MappingProxyType(
    {
        "disable": Tls.DISABLE,
        "disabled": Tls.DISABLE,
        "allow": Tls.PREFER,
        "prefer": Tls.PREFER,
        "preferred": Tls.PREFER,
        "require": Tls.REQUIRE,
        "required": Tls.REQUIRE,
        "verify-ca": Tls.VERIFY,
        "verify_ca": Tls.VERIFY,
        "verify-full": Tls.VERIFY,
        "verify_identity": Tls.VERIFY,
        "verify": Tls.VERIFY,
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """A database to connect to. `dialect` is None where it is another one of SQLAlchemy's, named by `scheme`; `file` is
    set for SQLite, `host` for all others."""

    scheme: str
    dialect: Dialect | None
    host: str = ""
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str = ""
    file: Path | None = None
    tls: Tls = Tls.PREFER
    # PEM of the authority that the server's certificate has to be signed by; None: those that this machine knows.
    ca_certificate: str | None = None

    @property
    def database_type(self) -> str:
        """The kind of database, as a connection shows it: `postgresql`, `mysql`, `mariadb`, `sqlite`, …"""
        name = self.scheme.partition("+")[0]
        return _TYPES.get(name, name)


def read(url: str, *, tls: Tls | None = None, ca_certificate: str | None = None) -> Target:
    """What a URL names; `tls` given wins over the URL's own. Raises `UrlRefused`."""
    parts = _parse(url)
    scheme = parts.drivername.lower()
    dialect = _DIALECTS.get(scheme.partition("+")[0])
    if dialect is Dialect.SQLITE:
        return Target(scheme, dialect, database=parts.database or "", file=_file(parts))
    in_url = _tls_of(parts, dialect)
    host = (parts.host or "").rstrip(".")
    if not _HOST.fullmatch(host):
        raise UrlRefused("The URL must name one host, by its name or address.")
    if not parts.database:
        raise UrlRefused("The URL must name a database, after the host.")
    return Target(
        scheme,
        dialect,
        host=host,
        port=parts.port or (PORTS.get(dialect) if dialect else None),
        user=parts.username,
        password=None if parts.password is None else str(parts.password),
        database=parts.database,
        tls=tls or in_url or (Tls.VERIFY if ca_certificate else Tls.PREFER),
        ca_certificate=ca_certificate,
    )


def masked(url: str) -> str:
    """The URL as people may see it: without password and parameters; `***` where it can't be read."""
    try:
        parts = _parse(url)
    except UrlRefused:
        return "***"
    return parts.set(query={}).render_as_string(hide_password=True)


def is_type(target: Target, named: str) -> bool:
    """Whether somebody who calls the database `named` means this kind: MariaDB may be called MySQL."""
    name = _TYPES.get(named.lower(), named.lower())
    known = _DIALECTS.get(name)
    return target.dialect is known if known else name == target.database_type


def _parse(url: str) -> URL:
    if len(url) > _LONGEST_URL or _NOT_PRINTED.search(url):
        raise UrlRefused
    try:
        parts = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise UrlRefused from None
    # A percent-encoded control character would end up in what drivers put together.
    pieces = (parts.username, parts.password, parts.host, parts.database)
    if any(piece is not None and _NOT_PRINTED.search(str(piece)) for piece in pieces):
        raise UrlRefused
    return parts


def _tls_of(parts: URL, dialect: Dialect | None) -> Tls | None:
    found: Tls | None = None
    for name, value in parts.query.items():
        if dialect and name in _TLS_PARAMETERS[dialect]:
            word = value.lower() if isinstance(value, str) else ""
            if word not in _TLS_WORDS:
                raise UrlRefused(f"`{name}` must be one of {', '.join(_TLS_WORDS)}.")
            found = _TLS_WORDS[word]
        elif dialect is None or name not in _IGNORED_PARAMETERS[dialect]:
            raise UrlRefused(f"The parameter `{name}` is not allowed in the URL of a database.")
    return found


def _file(parts: URL) -> Path:
    if parts.query or parts.host or parts.username:
        raise UrlRefused("The URL of an SQLite file has neither host nor parameters: sqlite:///shop.db.")
    name = parts.database or ""
    if not name or name.startswith((":", "file:")):
        raise UrlRefused("The URL must name an SQLite file: sqlite:///shop.db.")
    return Path(name)
