#!/usr/bin/env python3
"""Makes an API key, uploads a document, asks about it, and prints the answer as it comes.

Needs Python 3.9 or later and no packages. With --help it says what can be chosen.
"""

import argparse
import getpass
import http.client
import json
import os
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

RETURNS = b"# Returns\n\nYou can return any item within 30 days of delivery, helmets within 14 days.\n"
WAIT_SECONDS = 120


class Frontdesk:
    def __init__(self, site: str) -> None:
        self.site, self.headers = site.rstrip("/"), {}

    def call(self, method: str, path: str, body: object = None, form: tuple = (None, "application/json")) -> dict:
        data, kind = form if body is None else (json.dumps(body).encode(), form[1])
        request = urllib.request.Request(self.site + path, data, {**self.headers, "Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:  # a problem document: `detail` is for people, `code` for programs
            raise SystemExit(f"{method} {path}: {error.code} {json.load(error).get('detail')}") from None

    def sign_in_and_make_key(self, email: str, password: str) -> None:
        token = self.call("POST", "/v1/auth/login", {"email": email, "password": password})["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        wanted = {"name": "Example", "scopes": ["read", "write"], "expires_in_days": 1}
        key = self.call("POST", "/v1/auth/api-keys", wanted)  # the secret is shown this once: keep it
        self.headers = {"X-API-Key": key["key"], "X-API-Secret": key["secret"]}
        print(f"API key {key['key']}")

    def upload(self, agent_id: str, name: str, content: bytes) -> str:
        boundary = uuid.uuid4().hex
        fields = [('name="agent_id"', agent_id.encode()), (f'name="files"; filename="{name}"', content)]
        parts = [f"--{boundary}\r\nContent-Disposition: form-data; {at}\r\n\r\n".encode() + it for at, it in fields]
        form = b"\r\n".join([*parts, f"--{boundary}--\r\n".encode()])
        kind = f"multipart/form-data; boundary={boundary}"
        (taken,) = self.call("POST", "/v1/document/upload", form=(form, kind))["documents"]
        for _ in range(2 * WAIT_SECONDS):
            document = self.call("GET", f"/v1/document/{taken['id']}")
            if document["status"] == "processed":
                return f"{document['title']}: {document['chunk_count']} passage(s)"
            if document["status"] == "error":
                raise SystemExit(f"{name}: {document['error']}")
            time.sleep(0.5)
        raise SystemExit(f"{name} was not processed in {WAIT_SECONDS} s. Does a worker run?")

    def ask(self, conversation_id: str, question: str) -> dict:
        scheme, _, host = self.site.partition("://")
        connect = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        stream = connect(host, timeout=WAIT_SECONDS)  # opened before we ask, so that nothing is missed
        stream.request("GET", f"/v1/conversation/{conversation_id}/messages/stream", headers=self.headers)
        events = stream.getresponse()
        task = self.call("POST", f"/v1/conversation/{conversation_id}/chat", {"message": question})["task_id"]
        for line in events:
            event = json.loads(line[5:]) if line.startswith(b"data:") else {}
            if event.get("task_id") != task:
                continue
            if event["event"] == "chat_delta":
                print(event["text"], end="", flush=True)
            elif event["event"] == "chat_response":
                print()
                return event["message"]  # authoritative: what the deltas said may have been begun anew
            elif event.get("error"):
                raise SystemExit(event["error"]["detail"])
        raise SystemExit("The stream ended early: connect again with the header Last-Event-ID.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Asks Frontdesk about a document.")
    parser.add_argument("--site", default="http://127.0.0.1:8000")
    parser.add_argument("--email", default="demo@frontdesk.example")
    parser.add_argument("--document", type=Path, help="a PDF, DOCX, … of yours; by default a few lines about returns")
    parser.add_argument("--question", default="How long can I return a helmet?")
    chosen = parser.parse_args()
    password = os.environ.get("FRONTDESK_PASSWORD") or getpass.getpass(f"Password of {chosen.email}: ")
    desk = Frontdesk(chosen.site)
    desk.sign_in_and_make_key(chosen.email, password)
    agent = desk.call("POST", "/v1/agent", {"name": "Example"})
    name, content = (chosen.document.name, chosen.document.read_bytes()) if chosen.document else ("returns.md", RETURNS)
    print(f"{desk.upload(agent['id'], name, content)}\n\n> {chosen.question}\n")
    conversation = desk.call("POST", "/v1/conversation", {"agent_id": agent["id"]})
    for citation in desk.ask(conversation["id"], chosen.question)["citations"]:
        print(f"  [{citation['index']}] {citation['title']}: “{citation['quote']}”")


if __name__ == "__main__":
    main()
