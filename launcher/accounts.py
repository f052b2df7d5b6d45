"""The account that the embedded servers run as.

PostgreSQL refuses to run as root, and neither server needs root's powers: started by root they run as an
unprivileged account, started by anyone else they run as that user.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LauncherError

_CANDIDATES = ("nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """A numeric user and group to become."""

    uid: int
    gid: int


def service_account(data_dir: Path) -> Account | None:
    """The account for the servers whose files are in `data_dir`; None: stay who we are (not root).

    An existing folder keeps its owner, so that someone who started as an ordinary user and then tries sudo can
    go back afterwards.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.exists():
        owner = data_dir.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LauncherError(
        "Postgres can't run as root, and this machine has neither an account 'nobody' nor 'daemon' to run it as.\n"
        "Start as an ordinary user, or set DATABASE_URL to a Postgres server of your own."
    )


def name_of(uid: int) -> str:
    """The account's name for messages, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path` itself; nothing below or above it changes hands."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def give_tree(root: Path, account: Account | None) -> None:
    """Make `account` the owner of everything in `root`, for a folder that root has copied or restored."""
    give(root, account)
    if account is None:
        return
    for folder, directories, files in os.walk(root):
        for name in (*directories, *files):
            give(Path(folder, name), account)
