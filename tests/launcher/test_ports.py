"""Choosing and remembering ports."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.ports import any_free_port, is_free, remembered_ports


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_port_with_a_listener_is_not_free(busy_port: int) -> None:
    assert not is_free(busy_port)
    assert is_free(any_free_port())


def test_first_choice_is_remembered(tmp_path: Path) -> None:
    first = remembered_ports(tmp_path / "ports.json", {"postgres": any_free_port()})

    assert remembered_ports(tmp_path / "ports.json", {"postgres": any_free_port()}) == first


def test_another_port_is_chosen_when_the_first_is_taken(tmp_path: Path, busy_port: int) -> None:
    chosen = remembered_ports(tmp_path / "ports.json", {"postgres": busy_port})

    assert chosen["postgres"] != busy_port


def test_damaged_notes_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{")
    port = any_free_port()

    assert remembered_ports(tmp_path / "ports.json", {"postgres": port}) == {"postgres": port}
