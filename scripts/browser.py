"""Finding and launching Chromium, for the browser tests, the screenshots and the measurements of the widget."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HOW_TO_GET_IT = "apt-get install chromium, or name another one in CHROMIUM"

# Of what Playwright switches off by default, all but ThirdPartyStoragePartitioning: with that off, a frame on a page of
# another site reads and writes storage that no visitor's browser would give it. The last of two switches counts.
_FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
)
_ARGUMENTS = (
    f"--disable-features={','.join(_FEATURES_OFF)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)


def find_chromium() -> str | None:
    """The path of Chromium: the variable `CHROMIUM` when it is set, else the first that is found; None without one."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else shutil.which(named)
    return next((path for path in map(shutil.which, NAMES) if path), None)


def launch(chromium: Any, *, arguments: Sequence[str] = (), without: Sequence[str] = ()) -> Any:
    """A browser, headless. `chromium`: of Playwright; `without`: default arguments of Playwright to leave out."""
    path = find_chromium()
    if path is None:
        raise RuntimeError(f"There is no Chromium here: {HOW_TO_GET_IT}.")
    return chromium.launch(
        executable_path=path,
        # Chromium's sandbox refuses to run as root, as containers of CI do.
        chromium_sandbox=os.geteuid() != 0,
        args=[*_ARGUMENTS, *arguments],
        ignore_default_args=list(without),
        handle_sigint=False,
    )
