"""The integrators' examples do what the README says, against the running server and worker."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser.installation import Installation, free_port

EXAMPLES = Path(__file__).resolve().parents[2] / "scripts" / "examples"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.slow  # processes that import a whole application


def test_the_client_asks_about_its_own_document(installation: Installation, tmp_path: Path) -> None:
    person = installation.api().found_company()
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "ask_documents.py", "--site", installation.origin, "--email", person["email"]],
        env={**os.environ, "FRONTDESK_PASSWORD": person["password"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr + installation.log()
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("API key fdk_")
    assert lines[1] == "Returns: 1 passage(s)"
    assert lines[3] == "> How long can I return a helmet?"
    assert "14 days" in lines[5]
    assert lines[-1].startswith("  [1] Returns: “")


def test_the_client_is_short_and_needs_no_packages() -> None:
    text = (EXAMPLES / "ask_documents.py").read_text("utf-8")
    assert len(text.splitlines()) < 100
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert imported <= sys.stdlib_module_names


def test_the_client_says_what_is_wrong(installation: Installation, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "ask_documents.py", "--site", installation.origin],
        env={**os.environ, "FRONTDESK_PASSWORD": "not it"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("POST /v1/auth/login: 401 ")


def test_the_receiver_takes_what_is_signed_and_nothing_else(installation: Installation, tmp_path: Path) -> None:
    api, port = installation.api(), free_port()
    api.found_company(scopes=("read", "write", "admin"))
    webhook = api.call("POST", "/v1/webhook", {"url": f"http://127.0.0.1:{port}/"})
    printed = tmp_path / "printed"
    with printed.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / "receive_webhooks.py", str(port)],
            env={**os.environ, "WEBHOOK_SECRET": webhook["secret"]},
            stdout=file,
            stderr=subprocess.DEVNULL,
        )
    try:
        tested = _until_answered(lambda: api.call("POST", f"/v1/webhook/{webhook['id']}/test"))
        assert (tested["status"], tested["response_status"]) == ("delivered", 204)
        api.call("POST", f"/v1/webhook/{webhook['id']}/secret", {"overlap_hours": 0})
        assert api.call("POST", f"/v1/webhook/{webhook['id']}/test")["response_status"] == 401
    finally:
        process.kill()
        process.wait()
    assert printed.read_text().splitlines() == ["webhook.test None"]


def _until_answered(test: object) -> dict[str, object]:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer: dict[str, object] = test()  # type: ignore[operator]
        if answer["error_code"] != "unreachable" or time.monotonic() > end:
            return answer
        time.sleep(0.1)
