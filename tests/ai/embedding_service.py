"""A server on 127.0.0.1 that speaks OpenAI's embeddings protocol, and misbehaves on demand."""

import base64
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, object]


class EmbeddingService:
    """Answers each request with the next of `answers`, and with proper embeddings when there are none left."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.answers: list[Answer] = []
        self.dimension = 4
        self.obeys_base64 = True

    def answer(self, body: dict[str, Any]) -> Answer:
        self.requests.append(body)
        return self.answers.pop(0) if self.answers else (200, self._embeddings(body))

    def vector(self, text: str, dimension: int) -> list[float]:
        return [float(len(text)), *[2.0] * (dimension - 1)]

    def _embeddings(self, body: dict[str, Any]) -> object:
        dimension = body.get("dimensions", self.dimension)
        vectors = [self.vector(text, dimension) for text in body["input"]]
        encoded = self.obeys_base64 and body.get("encoding_format") == "base64"
        items = [
            {"object": "embedding", "index": index, "embedding": _base64(vector) if encoded else vector}
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        # Backwards: only `index` tells which text a vector belongs to.
        return {"object": "list", "model": body["model"], "data": items[::-1], "usage": usage}


def _base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


@contextmanager
def serving() -> Iterator[EmbeddingService]:
    """The service, on a free port until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.authorizations.append(self.headers["Authorization"])
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = service.answer(body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After-Ms", "1")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        service = EmbeddingService(f"http://127.0.0.1:{server.server_port}/v1")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield service
        server.shutdown()
        thread.join()
