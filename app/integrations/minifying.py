"""Scripts and style sheets made small.

The minifier is a library in Go, whose runtime brings threads and signal handlers of its own: it works in a short-lived
process, so that web processes and whatever they fork never hold it.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

CSS, JAVASCRIPT = "text/css", "application/javascript"
_SECONDS = 30
_PROGRAM = """
import json, sys
import minify
json.dump([minify.string(kind, text) for kind, text in json.load(sys.stdin)], sys.stdout)
"""


class MinifyError(Exception):
    """A source that is no script or style sheet; says where it is wrong."""


def minify(sources: Sequence[tuple[str, str]]) -> list[str]:
    """Each `(media type, source)` without what only people need. Raises `MinifyError`."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps(list(sources)),
        capture_output=True,
        check=False,
        text=True,
        timeout=_SECONDS,
    )
    if done.returncode:
        raise MinifyError(done.stderr)
    small: list[str] = json.loads(done.stdout)
    return small
