"""Which addresses may be called."""

import ipaddress
import socket
import threading

import pytest

from app.ingest import addresses
from app.ingest.errors import BlockedAddress, FetchTimedOut, NameNotFound


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_the_public_internet_is_not_called(address: str) -> None:
    assert not addresses.is_callable(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_the_public_internet_is_called(address: str) -> None:
    assert addresses.is_callable(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::1"])
def test_the_operator_may_allow_a_network(address: str) -> None:
    allowed = [ipaddress.ip_network("10.1.0.0/16")]
    assert addresses.is_callable(ipaddress.ip_address(address), allowed)
    assert not addresses.is_callable(ipaddress.ip_address("10.2.0.1"), allowed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "::1", "127.1"])
def test_every_way_to_write_it_is_refused(host: str) -> None:
    with pytest.raises((BlockedAddress, NameNotFound)):
        addresses.resolve(host, 80)


def _answering(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: answer)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(BlockedAddress):
        addresses.resolve("two.example", 80)


def test_every_address_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(monkeypatch, "8.8.8.8", "8.8.4.4", "8.8.8.8")
    assert addresses.resolve("two.example", 80) == ["8.8.8.8", "8.8.4.4"]


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NameNotFound):
        addresses.resolve("none.example", 80)
    with pytest.raises(NameNotFound):
        addresses.resolve("x" * 70 + ".example", 80)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()

    def hang(*_arguments: object, **_options: object) -> list[object]:
        hanging.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(FetchTimedOut):
        addresses.resolve("slow.example", 80, timeout_seconds=0.05)
    hanging.set()
