"""Peak memory of processes while something happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def peaks(pid: int, seconds: float = 0.25) -> Iterator[dict[str, float]]:
    """Peak memory in MB, while the block runs, of a process with its children, and of the extractor among them."""
    found = {"process": 0.0, "extractor": 0.0}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(seconds):
            memory = by_process(pid)
            extractor = sum(each for command, each in memory if "app.ingest.extractor" in command)
            found["extractor"] = max(found["extractor"], extractor)
            found["process"] = max(found["process"], sum(each for _, each in memory) - extractor)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def by_process(pid: int) -> list[tuple[str, float]]:
    """Command lines and memory in MB of a process and what descends from it."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has ended
        return []
    own = next((int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0.0)
    return [(command, own), *(each for child in children for each in by_process(int(child)))]
