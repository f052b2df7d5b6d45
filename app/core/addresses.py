"""Which network addresses a server may call on somebody else's behalf (SSRF, CWE-918)."""

import ipaddress
import queue
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What `is_global` lets pass and yet isn't the public internet.
_RESERVED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carriers' own; also the metadata service of Alibaba
        "168.63.129.16/32",  # Azure's wire server, on a public address
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4, no longer in use (RFC 7526)
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b:1::/48",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressBlocked(OSError):
    """The name leads into a network that we don't call."""


class NameUnknown(OSError):
    """The name has no address."""


class LookupTimedOut(TimeoutError):
    """The name server took too long."""


def resolve(host: str, port: int, *, allowed: Sequence[Network] = (), timeout_seconds: float = 10.0) -> list[str]:
    """The addresses of a name, in the order in which to try them; each is one that may be called.

    The name is resolved once: call these addresses, not the name, which may lead elsewhere a moment later. Raises
    `AddressBlocked` if any of them is not public and in none of the `allowed` networks, `NameUnknown`, and
    `LookupTimedOut`.
    """
    found = _look_up(host, port, timeout_seconds)
    for address in found:
        # A name with one public and one private address is an attempt.
        if not is_callable(ipaddress.ip_address(address), allowed):
            raise AddressBlocked
    return found


def parsed(networks: tuple[str, ...]) -> tuple[Network, ...]:
    """Networks from how an operator writes them: `10.0.0.0/8`."""
    return tuple(ipaddress.ip_network(network, strict=False) for network in networks)


def is_callable(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address is on the public internet or in an allowed network, also behind a way to write IPv4 in 6."""
    inner = _embedded(address)
    if any(address in network or inner in network for network in allowed):
        return True
    return _is_public(inner) and (inner != address or _is_public(address))


def _embedded(address: Address) -> Address:
    """The IPv4 address that packets to this IPv6 address end up at: mapped, 6to4 (RFC 3056), NAT64 (RFC 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _RESERVED if network.version == address.version)
    )


def _look_up(host: str, port: int, timeout_seconds: float) -> list[str]:
    """The resolver of the system knows no deadline, so it runs on a thread that nobody waits for afterwards."""
    with suppress(ValueError):
        # What is written as an address has no other. A thread is most of what looking it up would cost.
        return [str(ipaddress.IPv4Address(host))]
    answers: queue.SimpleQueue[list[str] | OSError | ValueError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(each[4][0]) for each in found)))
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    try:
        answer = answers.get(timeout=timeout_seconds)
    except queue.Empty:
        raise LookupTimedOut from None
    if isinstance(answer, list) and answer and not any("%" in address for address in answer):
        return answer
    raise NameUnknown
