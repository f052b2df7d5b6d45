"""A whole installation for benchmarks and chaos runs: servers, web process, workers; and a company on it, made through
the API as an integrator would."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]


def use_project_python(marker: str = "FRONTDESK_BENCH") -> None:
    """Runs the script that calls this with the project's own interpreter."""
    if marker not in os.environ:
        python = ROOT / ".venv" / "bin" / "python"
        os.environ[marker] = "1"
        os.execv(python, [str(python), *sys.argv])
    sys.path.insert(0, str(ROOT))


COMMANDS: Mapping[str, Sequence[str]] = {
    "web": ("gunicorn", "-c", "gunicorn.conf.py", "wsgi:application"),
    "worker": ("celery", "-A", "celery_worker", "worker", "-P", "threads", "-c", "8", "-Q", "default"),
    "chat": ("celery", "-A", "celery_worker", "worker", "-P", "threads", "-c", "256", "-Q", "chat"),
    "ingest": ("celery", "-A", "celery_worker", "worker", "-P", "prefork", "-c", "1", "-Q", "ingest"),
    "webhooks": ("celery", "-A", "celery_worker", "worker", "-P", "threads", "-c", "32", "-Q", "webhooks"),
    "beat": ("celery", "-A", "celery_worker", "beat", "-S", "redbeat.RedBeatScheduler"),
}


class Installation:
    """Servers and processes below one temporary folder; everything ends with the block."""

    def __init__(self, *, port: int = 18_741, settings: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="fd-bench-"))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._settings = dict(settings or {})

    def __enter__(self) -> Self:
        # Whoever is told to stop stops what it has started, too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        from launcher.postgres import EmbeddedPostgres
        from launcher.valkey import EmbeddedValkey

        self.postgres = EmbeddedPostgres(self.folder / "postgres", "bench-owner", settings={"max_connections": "300"})
        self.valkey = EmbeddedValkey(self.folder / "redis", "bench-redis")
        self.postgres.start()
        self.valkey.start()
        categories = ("AUTHENTICATION", "GENERAL", "VISITORS", "UPLOAD", "AI", "ANALYTICS")
        self.environment = {
            **os.environ,
            **{f"RATE_LIMIT_{name}": "100000000" for name in categories},
            "SECRET_KEYS": "a key for benchmarks only with 32 characters",
            "DATABASE_URL": self.postgres.url("frontdesk"),
            "REDIS_URL": self.valkey.url(),
            "DATA_DIR": str(self.folder / "data"),
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "PYTHONPATH": str(ROOT),
            **self._settings,
        }
        self._module("flask", "--app", "app", "prepare")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            self.kill(name, signal.SIGTERM)
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, kind: str, name: str | None = None) -> None:
        """Starts a process of a kind under a name."""
        name = name or kind
        command = [sys.executable, "-m", *COMMANDS[kind]]
        if "worker" in command:
            command += ["-n", f"{name}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
            command += ["--loglevel", "WARNING"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        if kind == "web":
            self._wait_for_web()

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Ends a process and its children, and waits until it has ended."""
        process = self.processes.pop(name)
        try:
            os.killpg(process.pid, number)
            process.wait(20)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def memory(self, name: str) -> float:
        """Proportional memory of a process and its children, in MB."""
        total = 0
        for pid in _family(self.processes[name].pid):
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total / 1024

    def cpu(self, name: str) -> float:
        """CPU seconds that a process and its children have used."""
        ticks = 0
        for pid in _family(self.processes[name].pid):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _module(self, *command: str) -> None:
        whole = [sys.executable, "-m", *command]
        done = subprocess.run(whole, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-4000:]}")

    def _wait_for_web(self) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the web process doesn't answer:\n{self.log('web')[-3000:]}")


@contextmanager
def model_process(*, tokens: int, seconds: float) -> Iterator[str]:
    """A model server in a process of its own, so that it and the clients don't wait for each other; its address."""
    command = [sys.executable, str(ROOT / "scripts/bench/model_server.py"), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--tokens", str(tokens), "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.terminate()
        process.wait()


class Api:
    """Calls with the credentials of a company that it makes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of an answer; raises for errors."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        content = None if body is None else json.dumps(body)
        sent = {**self.headers, **(headers or {}), **({"Content-Type": "application/json"} if body is not None else {})}
        connection.request(method, path, content, sent)
        return _answer(connection, method, path)

    def found_company(self, name: str = "Bench", *, scopes: Sequence[str] = ("read", "write")) -> dict[str, str]:
        """Makes a company with an admin and an API key, whose headers are used from now on; returns the admin's e-mail
        and password."""
        unique = uuid.uuid4().hex[:10]
        company = self.call("POST", "/v1/company", {"name": f"{name} {unique}", "email": f"{unique}@bench.example"})
        person = {"email": f"admin-{unique}@bench.example", "password": "correct horse battery staple"}
        self.call(
            "POST",
            "/v1/auth/register",
            {
                **person,
                "company_id": company["id"],
                "username": "admin",
                "first_name": "Ada",
                "last_name": "Admin",
                "setup_token": company["setup_token"],
            },
        )
        token = self.call("POST", "/v1/auth/login", person)["access_token"]
        key = self.call(
            "POST",
            "/v1/auth/api-keys",
            {"name": "bench", "scopes": list(scopes)},
            headers={"Authorization": f"Bearer {token}"},
        )
        self.headers = {"X-API-Key": key["key"], "X-API-Secret": key["secret"]}
        return person

    def use_model(self, agent_id: str, base_url: str, model: str = "bench") -> None:
        """Lets an agent answer by a model that speaks OpenAI's protocol, with the builtin embeddings."""
        self.call("POST", "/v1/settings/providers/seed", {})
        own = self.call(
            "POST",
            "/v1/providers",
            {"name": f"Bench {uuid.uuid4().hex[:8]}", "type": "openai_compatible", "api_base_url": base_url},
        )
        chat = self.call("POST", f"/v1/providers/{own['id']}/models", {"name": model, "type": "chat"})
        providers = self.call("GET", "/v1/providers?per_page=100")["items"]
        builtin = next(each for each in providers if each["type"] == "builtin")
        models = self.call("GET", f"/v1/providers/{builtin['id']}/models?per_page=100")["items"]
        embedding = next(each for each in models if each["type"] == "embedding")
        self.call(
            "POST",
            "/v1/settings",
            {
                "agent_id": agent_id,
                "llm_provider_id": own["id"],
                "llm_model_id": chat["id"],
                "embedding_provider_id": builtin["id"],
                "embedding_model_id": embedding["id"],
                "is_default": True,
            },
        )

    def upload(self, agent_id: str, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
        """Uploads files; returns what became of them."""
        boundary = uuid.uuid4().hex
        parts = [_part(boundary, 'name="agent_id"', agent_id.encode())]
        parts += [_part(boundary, f'name="files"; filename="{name}"', content) for name, content in files.items()]
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {**self.headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        connection.request("POST", "/v1/document/upload", body, headers)
        answer: list[dict[str, Any]] = _answer(connection, "POST", "/v1/document/upload")["documents"]
        return answer

    def wait_for_documents(self, agent_id: str, seconds: float = 300) -> list[dict[str, Any]]:
        """The agent's documents, once none is on its way any more."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            query = urlencode({"agent_id": agent_id, "per_page": 100})
            items: list[dict[str, Any]] = self.call("GET", f"/v1/document?{query}")["items"]
            if all(each["status"] in {"processed", "error"} for each in items):
                return items
            time.sleep(0.5)
        raise TimeoutError("documents are not processed in time")


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def _answer(connection: http.client.HTTPConnection, method: str, path: str) -> Any:
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.status >= 400:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:2000].decode(errors='replace')}")
    return json.loads(content) if content else None


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            continue
        found += map(int, children)
    return found
