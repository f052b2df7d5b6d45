"""Where things are: the checkout, and below DATA_DIR everything that running it creates."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from launcher.accounts import name_of
from launcher.errors import LauncherError

CHECKOUT = Path(__file__).absolute().parent.parent


@dataclass(frozen=True)
class Layout:
    """data: the folder that DATA_DIR names, by default var/ in the checkout."""

    data: Path

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def ports(self) -> Path:
        return self.data / "ports.json"

    @property
    def lock(self) -> Path:
        return self.data / "launcher.lock"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def mail(self) -> Path:
        return self.data / "mail"

    def log_of(self, program: str) -> Path:
        return self.logs / f"{program}.log"

    def create(self) -> None:
        """Make the folders, for this user only. LauncherError when they are somebody else's."""
        for folder in (self.data, self.logs, self.mail):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except PermissionError as error:
                raise self._foreign(folder.parent) from error
            except (FileExistsError, NotADirectoryError) as error:
                raise LauncherError(f"{folder} must be a folder ({error}).") from error
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise self._foreign(folder)

    def _foreign(self, folder: Path) -> LauncherError:
        while not folder.exists():
            folder = folder.parent
        owner, me = name_of(folder.stat().st_uid), name_of(os.geteuid())
        return LauncherError(
            f"{folder} belongs to {owner}, and {me} can't write there. Start as {owner}, or set DATA_DIR to a folder\n"
            f"of your own, or take over what is there: sudo chown -R {me} {shlex.quote(str(self.data))}"
        )
