"""Which `Origin` a domain covers: as browsers read the same source in `frame-ancestors`."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.services.allowed_domains import Domain


@pytest.mark.parametrize(
    ("domain", "origin", "covered"),
    [
        ("acme.example", "https://acme.example", True),
        ("acme.example", "https://ACME.example", True),
        ("acme.example", "https://acme.example:443", True),
        ("acme.example", "https://acme.example:8443", False),
        ("acme.example", "http://acme.example", False),
        ("acme.example", "https://www.acme.example", False),
        ("acme.example:8443", "https://acme.example:8443", True),
        ("acme.example:8443", "https://acme.example", False),
        ("*.acme.example", "https://www.acme.example", True),
        ("*.acme.example", "https://a.b.acme.example", True),
        ("*.acme.example", "https://acme.example", False),
        ("*.acme.example", "https://evilacme.example", False),
        ("http://intranet", "http://intranet", True),
        ("http://intranet", "https://intranet", False),
        ("https://localhost:3000", "https://localhost:3000", True),
        ("acme.example", "null", False),
        ("acme.example", "https://acme.example@evil.example", False),
        ("acme.example", "https://acme.example.evil.example", False),
        ("acme.example", "ftp://acme.example", False),
        ("acme.example", "acme.example", False),
        ("acme.example", "https://[", False),
        ("acme.example", "https://acme.example:x", False),
        ("acme.example", "", False),
    ],
)
def test_covers(app: Flask, domain: str, origin: str, covered: bool) -> None:
    assert Domain.parse(domain).covers(origin) is covered


def test_without_tls_here_a_site_may_do_without(app: Flask, with_settings: Callable[..., None]) -> None:
    with_settings(public_url="http://127.0.0.1:8000")
    assert Domain.parse("localhost:3000").covers("http://localhost:3000")
    assert Domain.parse("localhost:3000").covers("https://localhost:3000")
