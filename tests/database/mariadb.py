"""A MariaDB server of the tests' own, from Debian's package, on a free port of the loopback interface."""

import shutil
import signal
import subprocess
from pathlib import Path

import pymysql

from launcher.accounts import Account
from launcher.guarded import guarded_command
from launcher.ports import LOOPBACK
from launcher.server import EmbeddedServer

HOW_TO_GET_IT = "apt-get install mariadb-server"
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/bin:/usr/local/bin"
_SETTINGS = {
    "innodb-buffer-pool-size": "32M",
    "innodb-log-file-size": "8M",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
    "performance-schema": "OFF",
    "skip-name-resolve": "1",
    "max-connections": "40",
    "local-infile": "1",
}


def find_mariadb() -> str | None:
    """The path of the server; None where it isn't installed."""
    return shutil.which("mariadbd") or shutil.which("mariadbd", path=_PLACES)


class MariaDb(EmbeddedServer):
    """A MariaDB server in one folder, with a user `root` who may do anything."""

    title = "MariaDB"
    url_variable = "MARIADB_URL"
    stop_signal = signal.SIGTERM
    pid_file = "mariadb.pid"

    def __init__(self, data_dir: Path, password: str, *, certificate: Path | None = None) -> None:
        """`certificate`: of the server, with its key beside it in `server.key`; None: it knows no TLS."""
        super().__init__(data_dir, password)
        self._certificate = certificate

    def url(self, database: str, user: str = "root", password: str | None = None) -> str:
        """A connection URL."""
        return f"mysql://{user}:{password or self.password}@{LOOPBACK}:{self.port}/{database}"

    def default_url(self) -> str:
        return self.url("mysql")

    def is_ready(self) -> bool:
        try:
            self.connect().close()
        except pymysql.Error:
            return False
        return True

    def connect(self, database: str | None = None) -> "pymysql.connections.Connection":
        """A connection of the owner's."""
        return pymysql.connect(
            host=LOOPBACK,
            port=self.port,
            user="root",
            password=self.password,
            database=database,
            autocommit=True,
            connect_timeout=5,
            ssl_disabled=True,
        )

    def execute(self, *statements: str, database: str | None = None) -> None:
        """Runs statements as the owner."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def _prepare_files(self, account: Account | None) -> None:
        fresh = not self.data_dir.exists()
        # The server resolves its paths, so its account has to be let through to them.
        self.data_dir.parent.chmod(0o711)
        self._make_folder(account)
        if not fresh:
            return
        command = guarded_command(
            [
                shutil.which("mariadb-install-db") or "/usr/bin/mariadb-install-db",
                "--no-defaults",
                f"--datadir={self.data_dir}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            account=None if account is None else (account.uid, account.gid),
            directory=str(self.data_dir),
            isolate=True,
        )
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        self._write_first_statements()

    def _write_first_statements(self) -> None:
        first = self.data_dir / "first.sql"
        first.write_text(
            f"ALTER USER root@localhost IDENTIFIED BY '{self.password}';\n"
            f"CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
            "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        first.chmod(0o644)

    def _server_command(self, account: Account | None) -> list[str]:
        program = Path(find_mariadb() or "mariadbd")
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        places = {
            "datadir": str(self.data_dir),
            "socket": f"{self.data_dir}/mariadb.sock",
            "pid-file": f"{self.data_dir}/{self.pid_file}",
            "init-file": f"{self.data_dir}/first.sql",
            "tmpdir": str(self.data_dir),
            "port": str(self.port),
            "bind-address": LOOPBACK,
        }
        if self._certificate is not None:
            places |= {"ssl-cert": str(self._certificate), "ssl-key": str(self._certificate.with_name("server.key"))}
        return [str(program), "--no-defaults", *(f"--{name}={value}" for name, value in places.items()), *settings]
