"""Where a company's addresses may lead."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from app.services.guarded_models import HostNotFound, InternalAddress, refuse_internal, refuse_internal_literal

INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "１２７.0.0.1",
    "localhost",
    "LOCALHOST.",
    "files.localhost",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "224.0.0.1",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:7f00:1::]",
]


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.usefixtures("app")
def test_refuses_what_lies_inside(host: str) -> None:
    with pytest.raises(InternalAddress):
        refuse_internal_literal(f"http://{host}:8080/v1")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "models.acme.example", "ollama", "a..b", "x" * 70])
@pytest.mark.usefixtures("app")
def test_lets_pass_what_lies_outside_or_has_to_be_asked_for(host: str) -> None:
    refuse_internal_literal(f"https://{host}/v1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_lets_pass_what_the_operator_allows(with_settings: Callable[..., None], host: str) -> None:
    with_settings(allowed_networks=("127.0.0.1/8",))
    refuse_internal_literal(f"http://{host}/v1")
    with pytest.raises(InternalAddress):
        refuse_internal_literal("http://10.0.0.1/v1")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 70 + ".example"])
def test_finds_no_address(host: str) -> None:
    with pytest.raises(HostNotFound):
        refuse_internal(f"https://{host}/v1")


@pytest.mark.usefixtures("app")
def test_asks_a_name_server_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["8.8.8.8"], ["8.8.8.8", "10.0.0.1"]]

    def answer(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    refuse_internal("https://models.acme.example/v1")
    with pytest.raises(InternalAddress):
        refuse_internal("https://models.acme.example/v1")
