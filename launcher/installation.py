"""The servers and the application's processes of one data folder, under one process manager."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass

from launcher.application import (
    DEMO_EMAIL,
    Address,
    application_environment,
    prepare_command,
    process_commands,
)
from launcher.console import say, step
from launcher.errors import LauncherError
from launcher.guarded import guarded_command, parent_environment
from launcher.layout import CHECKOUT, Layout
from launcher.lock import RunLock
from launcher.options import Options
from launcher.ports import remembered_ports, wait_for_remembered
from launcher.postgres import EmbeddedPostgres
from launcher.readiness import Readiness
from launcher.secrets import Secrets, load_or_create
from launcher.server import EmbeddedServer
from launcher.supervision import Supervisor
from launcher.valkey import EmbeddedValkey

_DEFAULT_PORTS = {"postgres": 54320, "valkey": 63790}
_SERVER_SECONDS = 300.0  # replaying what a crash left undone can take minutes
_WEB_SECONDS = 60.0
_HOPELESS_SECONDS = 5.0  # of starting and falling over again
_SERVER_HOPELESS_SECONDS = 20.0  # the memory of a Postgres that was killed is in use until its sessions have ended
_PAUSE_SECONDS = 0.1
_WATCH_SECONDS = 1.0
_DOWN_POLLS = 8  # a single restart is over after three at most
_LOG_LINES = 15
_MANAGER_GONE = (OSError, http.client.HTTPException, xmlrpc.client.Error)


class Installation:
    """Everything that scripts/run starts."""

    def __init__(self, options: Options, address: Address, layout: Layout, lock: RunLock) -> None:
        self._options = options
        self._address = address
        self._layout = layout
        self._lock = lock
        self._secrets = load_or_create(layout.secrets)
        self._servers = _embedded_servers(layout, self._secrets, after_crash=lock.after_crash)
        self._environment = self._application_environment()
        self._supervisor: Supervisor | None = None
        self._watched: dict[str, _Watched] = {}

    def start(self) -> None:
        """Returns when the web process is ready. LauncherError with the end of a log when something isn't."""
        say("Starting Frontdesk")
        for server in self._servers.values():
            if not server.data_dir.exists():
                with step(f"creating {server.title} in {server.data_dir}"):
                    server.prepare()
            else:
                server.prepare()
        self._supervisor = self._new_supervisor()
        servers = " and ".join(server.title for server in self._servers.values())
        with step(f"starting {servers or 'the process manager'}"):
            self._supervisor.start()
            self._start(*self._servers)
            self._wait_for_servers()
        self._prepare_database()
        with step("starting web, workers and beat"):
            self._start("web", "worker", "chat", "ingest")
            web = Readiness(self._address.probe_host, self._address.port)
            self._wait_for("web", web.is_ready, _WEB_SECONDS, missing=lambda: web.missing)
            # Nobody waits for these, and on two processors more processes importing everything delay the others.
            self._start("webhooks", "beat")

    def greet(self, seconds: float) -> None:
        """Say where everything is."""
        url = self._address.url
        say(f"\nFrontdesk is ready after {seconds:.1f} s.\n")
        if self._options.with_demo:
            say(f"  Ask the demo shop's agent: {url}/demo\n")
        say(f"  Site      {url}/")
        say(f"  API docs  {url}/docs")
        say(f"  OpenAPI   {url}/openapi.json")
        if self._options.with_demo:
            say(f"  Sign in   {DEMO_EMAIL}   password: {self._environment['DEMO_PASSWORD']}")
        say(f"  Logs      {self._layout.logs}")
        say(f"  Mails     {self._layout.mail} (written there instead of sent)")
        say("\nCtrl-C stops everything.")

    def watch(self, stop_asked: Callable[[], bool]) -> None:
        """Follow until a signal ends it. Says when something was started anew; the process manager itself is started
        anew too."""
        while not stop_asked():
            try:
                self._notice_restarts()
            except _MANAGER_GONE:
                if not self._manager.is_running:
                    self._recover()
            time.sleep(_WATCH_SECONDS)

    def stop(self) -> None:
        """Stop the application, then the servers. Safe to call at any point of starting."""
        if self._supervisor is not None:
            self._supervisor.stop()

    @property
    def _manager(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("not started")
        return self._supervisor

    def _application_environment(self) -> dict[str, str]:
        return application_environment(
            os.environ,
            address=self._address,
            port_was_asked_for=self._options.port_was_asked_for,
            server_urls={server.url_variable: server.default_url() for server in self._servers.values()},
            data_dir=self._layout.data,
            secrets=self._secrets,
        )

    def _new_supervisor(self) -> Supervisor:
        servers = {name: server.command() for name, server in self._servers.items()}
        return Supervisor(
            {**servers, **process_commands()},
            environment=self._environment,
            checkout=CHECKOUT,
            logs=self._layout.logs,
            lock_descriptor=self._lock.descriptor,
        )

    def _start(self, *programs: str) -> None:
        for name in programs:
            self._manager.start_program(name)

    def _wait_for_servers(self) -> None:
        for name, server in self._servers.items():
            self._wait_for(name, server.is_ready, _SERVER_SECONDS, hopeless_after=_SERVER_HOPELESS_SECONDS)

    def _prepare_database(self) -> None:
        """Run the application's own command, which prints a line for every step."""
        log = self._layout.log_of("prepare")
        with log.open("wb") as errors:
            process = subprocess.Popen(
                guarded_command(prepare_command(with_demo=self._options.with_demo)),
                cwd=CHECKOUT,
                env={**self._environment, **parent_environment()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        try:
            for line in process.stdout or ():
                say(f"  {line.rstrip()}")
            code = process.wait()
        finally:
            _end(process)
        if code != 0:
            raise LauncherError(f"Preparing the database failed. The end of {log}:\n{self._end_of_log('prepare')}")

    def _wait_for(
        self,
        name: str,
        is_ready: Callable[[], bool],
        seconds: float,
        *,
        hopeless_after: float = _HOPELESS_SECONDS,
        missing: Callable[[], str] = lambda: "",
    ) -> None:
        began = time.monotonic()
        while not is_ready():
            waited = time.monotonic() - began
            hopeless = waited > hopeless_after and self._manager.program(name).is_failing
            if hopeless or waited > seconds or not self._manager.is_running:
                log = self._layout.log_of(name)
                why = f"\n  {said}\n" if (said := missing()) else " "
                raise LauncherError(f"{name} did not get ready.{why}The end of {log}:\n{self._end_of_log(name)}")
            time.sleep(_PAUSE_SECONDS)

    def _end_of_log(self, name: str) -> str:
        try:
            lines = self._layout.log_of(name).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return "(nothing)"
        return "\n".join(f"  {line}" for line in lines[-_LOG_LINES:])

    def _notice_restarts(self) -> None:
        for program in self._manager.programs():
            watched = self._watched.setdefault(program.name, _Watched(pid=program.pid))
            if program.pid and program.pid != watched.pid:
                say(f"{_clock()}  {program.name} had ended and was started again (process {program.pid})")
                watched.pid = program.pid
            if program.state == "RUNNING":
                watched.down_polls = 0
                continue
            watched.down_polls += 1
            if watched.down_polls == _DOWN_POLLS:
                say(f"{_clock()}  {program.name} does not stay up: see {self._layout.log_of(program.name)}")

    def _recover(self) -> None:
        """The process manager was killed, and what it had started was told to end by the kernel."""
        say(f"{_clock()}  the process manager had ended; everything is started again")
        self._manager.end_leftovers()
        for server in self._servers.values():
            server.prepare()
        self._manager.start()
        self._start(*self._servers)
        self._wait_for_servers()
        self._start("web", "worker", "chat", "ingest", "webhooks", "beat")
        self._watched.clear()


@dataclass
class _Watched:
    """What was last seen of a program."""

    pid: int
    down_polls: int = 0


def _embedded_servers(layout: Layout, secrets: Secrets, *, after_crash: bool) -> dict[str, EmbeddedServer]:
    """Those that the environment doesn't name a server of its own for, by their names in supervisord.conf."""
    if after_crash:
        wait_for_remembered(layout.ports)
    ports = remembered_ports(layout.ports, _DEFAULT_PORTS)
    servers: dict[str, EmbeddedServer] = {
        "postgres": EmbeddedPostgres(layout.postgres, secrets.postgres_password, ports["postgres"]),
        "valkey": EmbeddedValkey(layout.redis, secrets.redis_password, ports["valkey"]),
    }
    return {name: server for name, server in servers.items() if not os.environ.get(server.url_variable)}


def _end(process: subprocess.Popen[str]) -> None:
    """Only after an interruption is there anything to end."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _clock() -> str:
    return time.strftime("%H:%M:%S")
