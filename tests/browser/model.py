"""A model that says what a test tells it to, over OpenAI's streaming protocol.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_WANTED = re.compile(r"#say-(\w+)")
_LONGEST_WAIT = 15.0


class Script:
    """What is said when a question names it: `tokens`, one after the other.

    After `holds_after` tokens it waits for `go_on()`, so that a test can look at half an answer for as long as it
    likes. With a `status` other than 200 it refuses.
    """

    def __init__(
        self, tokens: Sequence[str], *, holds_after: int | None = None, gap: float = 0.0, status: int = 200
    ) -> None:
        self.tokens, self.holds_after, self.gap, self.status = list(tokens), holds_after, gap, status
        self._released = threading.Event()

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.tokens)

    def go_on(self) -> None:
        """Says the rest."""
        self._released.set()

    def wait(self, seconds: float) -> None:
        """Waits for `go_on()`."""
        self._released.wait(seconds)


class ScriptedModel:
    """The scripts by name, and the address to ask at."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._scripts: dict[str, Script] = {}

    def will_say(self, name: str, tokens: Sequence[str], **how: Any) -> Script:
        """A question with `#say-<name>` is answered so."""
        self._scripts[name] = Script(tokens, **how)
        return self._scripts[name]

    def find(self, asked: str) -> Script:
        """The script that a question names."""
        found = _WANTED.findall(asked)
        return self._scripts[found[-1]] if found else Script(["Nine o'clock. [1]"])


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script = self.server.model.find(body["messages"][-1]["content"])
        self.send_response(script.status)
        self.send_header("Content-Type", "text/event-stream" if script.status == 200 else "application/json")
        self.end_headers()
        with suppress(OSError):
            self._say(script) if script.status == 200 else self.wfile.write(b'{"error": {"message": "No."}}')

    def _say(self, script: Script) -> None:
        for number, token in enumerate(script.tokens):
            if number == script.holds_after:
                script.wait(_LONGEST_WAIT)
            elif script.gap:
                threading.Event().wait(script.gap)
            self._send({"content": token}, None)
        self._send({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, delta: dict[str, str], finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        frame = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(frame)}\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ScriptedModel

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was told to stop leaves in the middle."""


@contextmanager
def scripted_model() -> Iterator[ScriptedModel]:
    """Serves until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.model = ScriptedModel(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.model
        server.shutdown()
