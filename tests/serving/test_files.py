"""Files are sent whole."""

import os
from pathlib import Path

from gunicorn_server import GunicornServer


def test_sends_a_whole_file(server: GunicornServer, tmp_path: Path) -> None:
    """As Flask's send_file() hands it over; the kernel's own way doesn't work on green sockets."""
    content = os.urandom(1_500_000)
    path = tmp_path / "bundle.js"
    path.write_bytes(content)
    assert server.get(f"/file?path={path}") == content
