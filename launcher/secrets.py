"""The installation's own secrets, made once and kept in var/secrets.json (readable by its owner alone)."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from launcher.errors import LauncherError

_SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True)
class Secrets:
    """postgres_password, redis_password: for the embedded servers. secret_keys: 32 bytes, URL-safe base64.

    demo_password: for the demo company's sign-in; made to be read aloud.
    """

    postgres_password: str
    redis_password: str
    secret_keys: str
    demo_password: str

    @classmethod
    def generate(cls) -> Secrets:
        return cls(
            postgres_password=secrets.token_urlsafe(24),
            redis_password=secrets.token_urlsafe(24),
            secret_keys=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
            demo_password=_readable_password(),
        )


def load_or_create(path: Path) -> Secrets:
    """The secrets in `path`; made when there are none. Whoever comes second in a race gets the first one's.

    LauncherError: the file is not ours to read, or it isn't what we wrote.
    """
    try:
        if not path.exists():
            _create(path, Secrets.generate())
        content = json.loads(path.read_text(encoding="utf-8"))
        return Secrets(**{name: str(content[name]) for name in Secrets.__dataclass_fields__})
    except PermissionError as error:
        raise LauncherError(
            f"No permission for {path}: it was made by another user, perhaps by root.\n"
            "Start as that user, or set DATA_DIR to a folder of your own."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise LauncherError(f"{path} is damaged ({error!r}): put it back from a backup.") from error


def _create(path: Path, values: Secrets) -> None:
    """Written whole under another name, then linked, which unlike a rename never replaces an existing file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(values), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(scratch, path)
    except FileExistsError:
        pass
    finally:
        Path(scratch).unlink()


def _readable_password() -> str:
    """Four groups, about 50 bits: "tabo-rilu-mesa-4721"."""
    words = ["".join(secrets.choice(_SYLLABLES) for _ in range(2)) for _ in range(3)]
    return "-".join([*words, f"{secrets.randbelow(10_000):04}"])
