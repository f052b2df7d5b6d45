"""Fetching addresses of strangers."""

import io
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core import addresses
from app.ingest.errors import (
    BadStatus,
    BlockedAddress,
    FetchError,
    FetchTimedOut,
    FetchTooLarge,
    NameNotFound,
    NotHttp,
    TooManyRedirects,
    Unreachable,
)
from app.ingest.fetch import Fetched, FetchPolicy, fetch
from tests.ingest.web import Web, serving, tls

_LOCAL = FetchPolicy(allow_networks=(ip_network("127.0.0.1/32"),), timeout_seconds=5.0, max_bytes=100_000)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


def _fetch(url: str, policy: FetchPolicy = _LOCAL) -> tuple[Fetched, bytes]:
    out = io.BytesIO()
    fetched = fetch(url, policy=policy, to=out)
    return fetched, out.getvalue()


def test_a_page_and_what_is_said_about_it(web: Web, tmp_path: Path) -> None:
    url = web.page(
        "/a/price%20list.html?x=1",
        b"<p>hi",
        Content_Type="Text/HTML; charset=Windows-1251",
        ETag='"7"',
        Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT",
    )
    fetched = fetch(url, policy=_LOCAL, to=tmp_path / "page")
    assert (tmp_path / "page").read_bytes() == b"<p>hi"
    assert fetched == Fetched(
        final_url=url,
        content_type="text/html",
        charset="windows-1251",
        filename="price list.html",
        bytes=5,
        etag='"7"',
        last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
    )
    assert web.asked[0]["Host"] == f"127.0.0.1:{web.port}"
    assert web.asked[0]["User-Agent"] == "Frontdesk/1.0"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="../../etc/pass wd"', "_.._etc_pass wd"),
        ("attachment; filename*=UTF-8''Pr%C3%A4sentation.pdf", "Präsentation.pdf"),
        ("inline", "file"),
    ],
)
def test_a_name_that_is_safe_to_show(web: Web, disposition: str, name: str) -> None:
    assert _fetch(web.page("/x/file", Content_Disposition=disposition))[0].filename == name


def test_compressed_answers_are_unpacked(web: Web) -> None:
    fetched, content = _fetch(web.bomb("/", 50_000))
    assert (fetched.bytes, content) == (50_000, bytes(50_000))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://[fe80::1%25eth0]/",
        "http://exa mple.com/",
        "http://[::1",
        "http://example.com:99999999/",
        "https://example.com/" + "x" * 5000,
    ],
)
def test_what_is_no_address_of_a_page(url: str) -> None:
    with pytest.raises(NotHttp):
        _fetch(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"])
def test_our_own_network_is_not_called(web: Web, host: str) -> None:
    web.page("/")
    with pytest.raises((BlockedAddress, NameNotFound)):
        _fetch(web.url("/", host), FetchPolicy())
    assert not web.asked


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/",
        "http://[::1]:{port}/secret",
        "http://inside.example:{port}/",
        "//10.0.0.1/",
    ],
)
def test_a_redirect_into_our_network_is_not_followed(web: Web, monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    _names(monkeypatch, {"inside.example": ["127.0.0.2"]})
    url = web.redirect("/", to.format(port=web.port))
    with pytest.raises(BlockedAddress):
        _fetch(url)
    assert len(web.asked) == 1


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:pass@127.0.0.1/", "data:,x"])
def test_a_redirect_elsewhere_than_to_http_is_refused(web: Web, to: str) -> None:
    with pytest.raises(NotHttp, match="leads to another one"):
        _fetch(web.redirect("/", to))


def _names(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Resolves these names as told, one answer after the other; the last one stays. Returns who was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *arguments: int, **options: int) -> object:
        if host not in names:
            return real(host, port, *arguments, **options)
        asked.append(host)
        address = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answer)
    return asked


def test_a_name_is_resolved_once_and_the_connection_goes_there(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _names(monkeypatch, {"rebinding.example": ["127.0.0.1", "127.0.0.9"]})
    web.page("/")
    assert _fetch(web.url("/", "rebinding.example"))[1] == b"hello"
    assert asked == ["rebinding.example"]
    assert web.asked[0]["Host"] == f"rebinding.example:{web.port}"


def test_a_name_is_checked_again_after_a_redirect(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    _names(monkeypatch, {"rebinding.example": ["127.0.0.1", "127.0.0.9"]})
    web.redirect("/", "/again")
    with pytest.raises(BlockedAddress):
        _fetch(web.url("/", "rebinding.example"))


def test_redirects_are_followed_to_an_end(web: Web) -> None:
    web.page("/end", b"arrived")
    web.redirect("/two", "end", 308)
    assert _fetch(web.redirect("/one", web.url("/two"), 301))[0].final_url == web.url("/end")
    with pytest.raises(TooManyRedirects, match="more than 1 times"):
        _fetch(web.url("/one"), replace(_LOCAL, max_redirects=1))
    with pytest.raises(TooManyRedirects):
        _fetch(web.redirect("/circle", "/circle"))


@pytest.mark.parametrize(
    ("status", "transient"), [(404, False), (403, False), (204, False), (304, False), (503, True), (429, True)]
)
def test_only_200_counts(web: Web, status: int, transient: bool) -> None:
    with pytest.raises(BadStatus, match=f"status {status}") as raised:
        _fetch(web.page("/", status=status))
    assert raised.value.transient is transient


def test_sizes_are_limited_packed_and_unpacked(web: Web) -> None:
    for url in (web.page("/a", bytes(100_001)), web.bomb("/b", 50_000_000), _endless(web)):
        with pytest.raises(FetchTooLarge, match="larger than 100,000 bytes"):
            _fetch(url)


def _endless(web: Web) -> str:
    def answer(request: object) -> None:
        out = request.wfile  # type: ignore[attr-defined]
        out.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            out.write(bytes(10_000))

    web.pages["/endless"] = answer
    return web.url("/endless")


@pytest.mark.slow  # waits for a time-out of half a second
@pytest.mark.parametrize("headers", [True, False])
def test_the_time_covers_a_server_that_drips(web: Web, headers: bool) -> None:
    started = time.monotonic()
    with pytest.raises(FetchTimedOut, match=r"longer than 0\.5 seconds"):
        _fetch(web.drip("/", headers=headers), replace(_LOCAL, timeout_seconds=0.5))
    assert time.monotonic() - started < 2


@pytest.mark.slow  # waits for a time-out of half a second
def test_the_time_covers_a_server_that_never_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("http", "https"):
            with pytest.raises(FetchTimedOut):
                _fetch(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/", replace(_LOCAL, timeout_seconds=0.5))


def _garbage(request: object) -> None:
    request.wfile.write(b"no HTTP at all\r\n\r\n")  # type: ignore[attr-defined]


def _half(request: object) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")  # type: ignore[attr-defined]


def _bad_gzip(request: object) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip")  # type: ignore[attr-defined]


def _nothing(request: object) -> None:
    """Hangs up."""


@pytest.mark.parametrize(
    ("answer", "said"),
    [(_garbage, "broke"), (_half, "broke"), (_bad_gzip, "can't be unpacked"), (_nothing, "broke")],
)
def test_broken_answers_are_refused(web: Web, answer: Callable[[object], None], said: str) -> None:
    web.pages["/"] = answer
    with pytest.raises(Unreachable, match=said):
        _fetch(web.url("/"))


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable) as raised:
        _fetch(f"http://127.0.0.1:{port}/")
    assert "127.0.0.1" not in raised.value.detail


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert _fetch(web.page("/"))[1] == b"hello"


def test_line_ends_in_an_address_smuggle_nothing(web: Web) -> None:
    web.page("/a%0D%0AX-Evil:%201")
    _fetch(web.url("/a\r\nX-Evil: 1"))
    assert "X-Evil" not in web.asked[0]


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for `secure.example`, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "secure.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("secure.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_certificates_are_checked_for_the_name(authority: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _names(monkeypatch, {"secure.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    trusting = replace(_LOCAL, ca_file=authority[0])
    with serving(tls(str(authority[0]), str(authority[1]))) as web:
        web.page("/")
        assert _fetch(web.url("/", "secure.example", "https"), trusting)[1] == b"hello"
        for host, policy in (("other.example", trusting), ("127.0.0.1", trusting), ("secure.example", _LOCAL)):
            with pytest.raises(Unreachable, match="certificate is not valid"):
                _fetch(web.url("/", host, "https"), policy)
    assert len(web.asked) == 1


def test_every_error_has_a_code_of_its_own() -> None:
    errors = FetchError.__subclasses__()
    assert len({error.code for error in errors}) == len(errors) == 8
    assert all(error.code.startswith("fetch_") for error in errors)
