"""Settings are checked at start, and .env.example and the README say what they are."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from app.cli import configuration_table
from app.config import Environment, Settings, SettingsError, variable
from tests.guards.rules import PROJECT

KEY = "a key for tests only of 32 characters or more"
GIVEN = {
    "SECRET_KEYS": KEY,
    "DATABASE_URL": "postgresql://owner:secret@db/frontdesk",
    "REDIS_URL": "redis://cache:6379/0",
}
PRODUCTION = {
    **GIVEN,
    "FRONTDESK_ENV": "production",
    "PUBLIC_URL": "https://frontdesk.example",
    "MAIL_URL": "smtp://user:password@mail.example:587",
}
NUMBERS = [field.name for field in dataclasses.fields(Settings) if isinstance(field.default, (int, float))]


def test_the_least_that_has_to_be_given() -> None:
    settings = Settings.from_env(GIVEN)
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.secret_keys == (KEY,)
    assert settings.data_dir == Path("var")
    assert settings.cors_origins == ()


@pytest.mark.parametrize("name", ["SECRET_KEYS", "REDIS_URL"])
@pytest.mark.parametrize("value", [None, ""])
def test_names_what_is_missing(name: str, value: str | None) -> None:
    environ = {key: text for key, text in {**GIVEN, name: value}.items() if text is not None}
    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        Settings.from_env(environ)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert Settings.from_env({**GIVEN, "DATABASE_POOL_SIZE": "", "ALLOW_SIGNUP": ""}) == Settings.from_env(GIVEN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRONTDESK_ENV", "staging"),
        ("SECRET_KEYS", "short"),
        ("SECRET_KEYS", f"{KEY},short"),
        ("SECRET_KEYS", " , "),
        ("DATABASE_URL", "mysql://owner@db/frontdesk"),
        ("DATABASE_RUNTIME_URL", "sqlite:///file"),
        ("REDIS_URL", "http://cache"),
        ("MAIL_URL", "imap://mail"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_LEVEL", "info"),
        ("DATABASE_POOL_SIZE", "many"),
        ("DATABASE_POOL_SIZE", "2.5"),
        ("DATABASE_POOL_SIZE", "1e3"),
        ("DATABASE_POOL_TIMEOUT_SECONDS", "soon"),
        ("DATABASE_POOL_TIMEOUT_SECONDS", "nan"),
        ("DATABASE_POOL_TIMEOUT_SECONDS", "inf"),
        ("ALLOW_SIGNUP", "maybe"),
        ("ALLOW_SIGNUP", "2"),
        *((variable(name), "-1") for name in NUMBERS if name not in {"allow_signup", "require_verified_email"}),
        ("DATABASE_POOL_SIZE", "0"),
        ("USAGE_BUFFER_SIZE", "0"),
        ("USAGE_FLUSH_SECONDS", "0"),
        ("RATE_LIMIT_GENERAL", "0"),
    ],
)
def test_names_what_is_wrong(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"\b{name}\b"):
        Settings.from_env({**GIVEN, name: value})


def test_wants_some_database() -> None:
    with pytest.raises(SettingsError, match="DATABASE_RUNTIME_URL"):
        Settings.from_env({"SECRET_KEYS": KEY, "REDIS_URL": "redis://cache"})


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "LOGIN_LOCK_SECONDS"])
def test_some_numbers_may_be_zero(name: str) -> None:
    assert getattr(Settings.from_env({**GIVEN, name: "0"}), name.lower()) == 0


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("YES", True), ("0", False), ("False", False), ("no", False)]
)
def test_reads_booleans(text: str, value: bool) -> None:
    assert Settings.from_env({**GIVEN, "ALLOW_SIGNUP": text}).allow_signup is value


def test_reads_lists() -> None:
    settings = Settings.from_env({**GIVEN, "CORS_ORIGINS": "https://a.example, https://b.example,"})
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_keeps_the_order_of_keys() -> None:
    assert Settings.from_env({**GIVEN, "SECRET_KEYS": f"new {KEY},old {KEY}"}).secret_keys == (
        f"new {KEY}",
        f"old {KEY}",
    )


def test_takes_the_slash_off_the_public_address() -> None:
    assert Settings.from_env({**GIVEN, "PUBLIC_URL": "https://a.example/"}).public_url == "https://a.example"


def test_production_starts_with_what_it_needs() -> None:
    assert Settings.from_env(PRODUCTION).production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_URL", "folder:"),
        ("MAIL_URL", "folder:/tmp/mails"),
        ("MAIL_URL", None),
        ("PUBLIC_URL", "http://frontdesk.example"),
        ("PUBLIC_URL", None),
    ],
)
def test_production_refuses_what_is_good_on_a_desk_only(name: str, value: str | None) -> None:
    environ = {key: text for key, text in {**PRODUCTION, name: value}.items() if text is not None}
    with pytest.raises(SettingsError, match=f"^{name} .* production"):
        Settings.from_env(environ)


def test_nothing_shows_the_secrets() -> None:
    settings = Settings.from_env(PRODUCTION)
    assert not re.search(f"{KEY}|secret|password", f"{settings} {settings!r} {[settings]}")


def test_the_runtime_role_has_a_password_of_its_own() -> None:
    settings = Settings.from_env(GIVEN)
    assert re.fullmatch(r"postgresql://frontdesk_runtime:[0-9a-f]{64}@db/frontdesk", settings.runtime_url)
    other = Settings.from_env({**GIVEN, "SECRET_KEYS": "x" * 32})
    assert other.runtime_url != settings.runtime_url


def test_a_named_runtime_role_counts_more() -> None:
    url = "postgresql://web:pw@db/frontdesk"
    assert Settings.from_env({**GIVEN, "DATABASE_RUNTIME_URL": url}).runtime_url == url


def test_the_readme_and_the_example_say_what_the_settings_are() -> None:
    """Where they don't: scripts/configuration-table."""
    assert list(configuration_table.outdated()) == []


@pytest.mark.parametrize("name", ["README.md", ".env.example"])
@pytest.mark.parametrize(
    ("present", "planted"),
    [
        ("How long connecting to Postgres may take.", "Something else."),
        ("DATABASE_POOL_SIZE", "POOL"),
        ("0.9", "2"),
    ],
)
def test_finds_a_file_that_says_something_else(tmp_path: Path, name: str, present: str, planted: str) -> None:
    for each in ("README.md", ".env.example"):
        text = (PROJECT / each).read_text("utf-8")
        assert present in text
        (tmp_path / each).write_text(text.replace(present, planted) if each == name else text, "utf-8")
    assert list(configuration_table.outdated(tmp_path)) == [name]


def test_finds_a_setting_that_no_file_has(monkeypatch: pytest.MonkeyPatch) -> None:
    added: Any = dataclasses.make_dataclass(
        "Settings",
        [("planted", int, dataclasses.field(default=1, metadata={"help": "Planted."}))],
        bases=(Settings,),
        kw_only=True,
        frozen=True,
    )
    monkeypatch.setattr(configuration_table, "Settings", added)
    outdated = configuration_table.outdated()
    assert "| `PLANTED` | `1` | Planted. |" in outdated["README.md"]
    assert "# Planted.\n#PLANTED=1\n" in outdated[".env.example"]


def read_by_the_server(folder: Path) -> set[str]:
    """Variables that the web server's own files read."""
    files = [folder / "gunicorn.conf.py", *sorted((folder / "serving").glob("*.py"))]
    reading = re.compile(r"""(?:environ(?:\.get)?[\[(]|getenv\(|_number\()\s*["']([A-Z_]+)["']""")
    return {name for path in files for name in reading.findall(path.read_text("utf-8"))}


def read_by_compose(text: str) -> set[str]:
    """Variables that Docker Compose fills in or hands on."""
    return {*re.findall(r"(?<!\$)\$\{([A-Z_]+)", text), *re.findall(r"^ +([A-Z_]+):\s*$", text, re.MULTILINE)}


def in_the_example(text: str) -> set[str]:
    """Variables of .env.example."""
    return set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))


def test_the_example_has_every_variable_that_is_read() -> None:
    example = in_the_example((PROJECT / ".env.example").read_text("utf-8"))
    settings = {variable(field.name) for field in dataclasses.fields(Settings)}
    server, compose = read_by_the_server(PROJECT), read_by_compose((PROJECT / "compose.yaml").read_text("utf-8"))
    assert {"HOST", "PORT", "WEB_WORKERS", "ASYNC_MODE", "WEB_THREADS", "FORWARDED_ALLOW_IPS"} <= server
    assert example == settings | server | compose


def test_finds_a_variable_that_the_server_reads(tmp_path: Path) -> None:
    (tmp_path / "serving").mkdir()
    (tmp_path / "gunicorn.conf.py").write_text('a = os.environ.get("ONE")\nb = _number("TWO", 1)\n')
    (tmp_path / "serving" / "boot.py").write_text("c = os.environ['THREE']\n# os.environ\n")
    assert read_by_the_server(tmp_path) == {"ONE", "TWO", "THREE"}


def test_finds_a_variable_that_compose_reads() -> None:
    text = "environment:\n  ONE: ${TWO:?is missing}-${THREE:-x}\n  FOUR:\n  FIVE: fixed\n  test: $$${SIX} $${NOT}\n"
    assert read_by_compose(text) == {"TWO", "THREE", "FOUR"}
