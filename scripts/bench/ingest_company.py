"""A company whose agents embed with different models, and the server of those that are remote."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from installation import ROOT, Api, Installation

MODELS = {"builtin": None, "384": 384, "1536": 1536}


def free_port() -> int:
    """One that another installation on this machine doesn't answer at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


PORT, MODEL_PORT = free_port(), free_port()


@dataclass
class Bench:
    """A company with one agent per embedding model and experiment."""

    installation: Installation
    api: Api
    postmaster: int
    company: str
    providers: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def agent(self, model: str) -> str:
        """A new agent that embeds with the model."""
        agent: str = self.api.call("POST", "/v1/agent", {"name": f"Bench {uuid.uuid4().hex[:8]}"})["id"]
        dimension = MODELS[model]
        if dimension:
            provider, chat, embedding = self.providers.get(dimension) or self._add_provider(dimension)
            both = {"llm_provider_id": provider, "llm_model_id": chat, "embedding_provider_id": provider}
            settings = {**both, "embedding_model_id": embedding, "embedding_dimension": dimension, "agent_id": agent}
            self.api.call("POST", "/v1/settings", {**settings, "is_default": False})
        return agent

    def upload(self, agent: str, paths: Sequence[Path]) -> list[str]:
        """Ids of the documents that files became."""
        sent = self.api.upload(agent, {path.name: path.read_bytes() for path in paths})
        return [each["id"] for each in sent]

    def wait(self, document: str, seconds: float = 600) -> dict[str, Any]:
        """The document, once it is processed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found: dict[str, Any] = self.api.call("GET", f"/v1/document/{document}")
            if found["status"] == "error":
                raise RuntimeError(f"{found['filename']}: {found['error']}")
            if found["status"] == "processed":
                return found
            time.sleep(0.1)
        raise TimeoutError("the document isn't processed in time")

    def _add_provider(self, dimension: int) -> tuple[str, str, str]:
        url = f"http://127.0.0.1:{MODEL_PORT}/v1"
        body = {"name": f"Bench {dimension}", "type": "openai_compatible", "api_base_url": url}
        provider = self.api.call("POST", "/v1/providers", body)["id"]
        at = f"/v1/providers/{provider}/models"
        chat = self.api.call("POST", at, {"name": "chat", "type": "chat"})["id"]
        # One that makes longer vectors and can shorten them: so the server is told the dimension.
        own = {"name": "text-embedding-3-large", "type": "embedding", "embedding_dimension": 3072}
        self.providers[dimension] = provider, chat, self.api.call("POST", at, own)["id"]
        return self.providers[dimension]


def begin(installation: Installation) -> Bench:
    installation.start("web")
    api = Api(PORT)
    api.found_company()
    postmaster = int((installation.folder / "postgres" / "postmaster.pid").read_text().split()[0])
    return Bench(installation, api, postmaster, api.call("GET", "/v1/company")["id"])


@contextmanager
def model_server() -> Iterator[int]:
    """The process id of a model server."""
    program = str(ROOT / "scripts" / "bench" / "model_server.py")
    process = subprocess.Popen(
        [sys.executable, program, "--port", str(MODEL_PORT)], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout
        process.stdout.readline()  # its address: it listens
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)
