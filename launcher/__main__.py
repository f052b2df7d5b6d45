"""`python -m launcher`, as scripts/run calls it."""

import sys

# Before anything else is imported: an older Python would stop at a module or syntax that it doesn't know.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"Frontdesk needs Python 3.11 or later, not {sys.version.split()[0]}. Start it with scripts/run.")

from launcher.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
