"""Folders for the time of a piece of work. What a killed process left is removed by the next that needs one: it may be
a customer's document."""

import fcntl
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

_PREFIX = "frontdesk-scratch-"
# Between making a folder and locking it nobody else may take it for abandoned.
_YOUNG_SECONDS = 60.0


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder that is gone after the block. Raises `OSError` where none can be made (a full disk)."""
    _remove_abandoned()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            # Until this process and its children have ended, however they do.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(descriptor)


def _remove_abandoned() -> None:
    with os.scandir(tempfile.gettempdir()) as entries:
        for folder in [Path(each) for each in entries if each.name.startswith(_PREFIX)]:
            try:
                if _is_abandoned(folder):
                    shutil.rmtree(folder)
                    log.info("what a killed process left was removed", extra={"folder": folder.name})
            except OSError:
                continue  # in use, or somebody else was quicker


def _is_abandoned(folder: Path) -> bool:
    """Whether a folder is ours and nobody works in it. Raises `OSError` where somebody does."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_ctime > time.time() - _YOUNG_SECONDS:
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
    return True
