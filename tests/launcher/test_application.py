"""The environment and the commands of the application."""

from pathlib import Path

import pytest

from launcher.application import Address, application_environment, process_commands
from launcher.errors import LauncherError
from launcher.options import parse_options
from launcher.secrets import Secrets

SECRETS = Secrets("pg", "rd", "keys", "demo-word")
ADDRESS = Address("127.0.0.1", 8000)


def environment(
    given: dict[str, str], *, address: Address = ADDRESS, port_was_asked_for: bool = False
) -> dict[str, str]:
    return application_environment(
        given,
        address=address,
        port_was_asked_for=port_was_asked_for,
        server_urls={"DATABASE_URL": "postgresql://embedded", "REDIS_URL": "redis://embedded"},
        data_dir=Path("/srv/var"),
        secrets=SECRETS,
    )


def test_everything_that_the_application_needs_is_computed() -> None:
    assert environment({}) == {
        "FRONTDESK_ENV": "development",
        "DATABASE_URL": "postgresql://embedded",
        "REDIS_URL": "redis://embedded",
        "SECRET_KEYS": "keys",
        "DEMO_PASSWORD": "demo-word",
        "DATA_DIR": "/srv/var",
        "PORT": "8000",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PYTHONUNBUFFERED": "1",
    }


def test_what_is_set_wins() -> None:
    given = {"SECRET_KEYS": "mine", "PUBLIC_URL": "https://desk.example", "OTHER": ""}

    found = environment(given)

    assert {name: found[name] for name in given} == given


def test_empty_variable_counts_as_not_set() -> None:
    assert environment({"DATABASE_URL": ""})["DATABASE_URL"] == "postgresql://embedded"


def test_port_on_the_command_line_wins_over_the_environment() -> None:
    given = {"PORT": "7000", "PUBLIC_URL": "http://127.0.0.1:7000"}

    found = environment(given, address=Address("127.0.0.1", 9000), port_was_asked_for=True)

    assert found["PORT"] == "9000"
    assert found["PUBLIC_URL"] == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000"), ("10.0.0.5", "http://10.0.0.5:8000")],
)
def test_address_is_one_that_a_browser_can_use(host: str, url: str) -> None:
    assert Address(host, 8000).url == url


def test_port_comes_from_the_command_line_the_environment_or_the_default() -> None:
    assert parse_options(["--port", "9000"], {"PORT": "7000"}).port == 9000
    assert parse_options([], {"PORT": "7000"}).port == 7000
    assert parse_options([], {}).port == 8000
    assert not parse_options(["--no-demo"], {}).with_demo


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8000.5"])
def test_bad_port_ends_with_code_2(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options([f"--port={port}"], {})
    assert ended.value.code == 2
    assert "is not a port" in capsys.readouterr().err
    with pytest.raises(LauncherError, match="PORT in the environment"):
        parse_options([], {"PORT": port})


def test_beat_leaves_no_schedule_in_the_checkout() -> None:
    assert "redbeat.RedBeatScheduler" in process_commands()["beat"]
