# Sourced by the other scripts, from the checkout's folder: makes .venv and installs what a lock file lists.
#
#   . scripts/setup.sh
#   ensure_environment requirements.lock
#
# The copy of a lock file in .venv/installed says that exactly this is installed; nothing is done then.

# The newest of Python 3.11 to 3.13, for which all wheels exist, else any later one. Prints its path.
find_python() {
    for wanted in '(3, 11) <= version <= (3, 13)' '(3, 11) <= version'; do
        for name in python3 python3.13 python3.12 python3.11; do
            python=$(command -v "$name") || continue
            if "$python" -c "import sys, venv, ensurepip; version = sys.version_info[:2]; sys.exit(not $wanted)" \
                >/dev/null 2>&1; then
                echo "$python"
                return
            fi
        done
    done
    explain_missing_python >&2
    return 1
}

explain_missing_python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$("$name" --version) is here, but it can't make virtual environments (modules venv and ensurepip)."
            echo "On Debian and Ubuntu: apt install $("$name" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')-venv"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null) || found="no python3"
    echo "Frontdesk needs Python 3.11, 3.12 or 3.13 (python3, python3.13, python3.12 or python3.11 in PATH); found $found."
}

# ensure_environment LOCK
ensure_environment() {
    if is_installed "$1"; then return; fi
    hold_lock
    if ! is_installed "$1"; then # unless somebody else has just done it
        make_environment
        install_packages "$1"
    fi
    exec 9<&-
}

is_installed() {
    environment_works && cmp -s "$1" ".venv/installed/$1"
}

# An environment may be left over from another Python, another machine, or an installation that was killed half-way.
environment_works() {
    [ ! -e .venv/incomplete ] && .venv/bin/python -I -c \
        'import sys, pip; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)' >/dev/null 2>&1
}

# Two scripts that install at once would break each other's work. Where there is no flock, one has to look out.
hold_lock() {
    exec 9<scripts/setup.sh
    if command -v flock >/dev/null && ! flock -n 9 2>/dev/null; then
        echo "Waiting for another installation into .venv to end …"
        flock 9 2>/dev/null || true
    fi
}

make_environment() {
    if environment_works; then return; fi
    python=$(find_python) || exit 1
    if [ -e .venv ] || [ -L .venv ]; then
        echo "Replacing .venv, which does not work …"
        rm -rf .venv 2>/dev/null || {
            echo "Can't remove $(pwd)/.venv: it belongs to another user. Remove it as that user, and start again." >&2
            exit 1
        }
    else
        echo "Making .venv with $("$python" --version) …"
    fi
    "$python" -m venv .venv || {
        echo "Can't make $(pwd)/.venv (above)." >&2
        exit 1
    }
}

install_packages() {
    lock=$1
    echo "Installing $(grep -c '^[a-z0-9].*==' "$lock") packages from $lock into .venv; only when it has changed …"
    : >.venv/incomplete
    # Wheels alone: nothing of a package runs while it is being installed. --no-deps: the file lists everything.
    # --no-cache-dir: nothing is written outside the checkout.
    {
        PIP_USER=0 .venv/bin/python -m pip install --require-hashes --only-binary :all: --no-deps --no-cache-dir \
            --disable-pip-version-check --no-input --requirement "$lock" 2>&1 && echo "installed $lock"
    } | tee .venv/install.log | sed -n -e 's/^Collecting \([^ ]*\).*/  \1/p' -e 's/^Installing collected.*/  unpacking …/p'
    # pip has ended by itself, so there is nothing half-made; had it been killed, we would not get here.
    rm -f .venv/incomplete
    if [ "$(tail -n 1 .venv/install.log)" != "installed $lock" ]; then
        tail -n 12 .venv/install.log >&2
        echo "Installing failed. The whole log: $(pwd)/.venv/install.log" >&2
        exit 1
    fi
    remember_installed "$lock"
    # The development file lists everything that the other one does: switching between them reinstalls nothing.
    if [ "$lock" = requirements-dev.lock ]; then remember_installed requirements.lock; fi
}

remember_installed() {
    mkdir -p .venv/installed
    cp "$1" ".venv/installed/$1.new"
    mv ".venv/installed/$1.new" ".venv/installed/$1"
}

# For the widget's tests: installs Debian's Chromium when there is none and we may. Whether that worked, the tests say.
ensure_chromium() {
    if [ -n "${CHROMIUM:-}" ] || has_chromium; then return; fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then return; fi
    echo "Installing Chromium for the widget's tests …"
    if install_chromium >.venv/chromium.log 2>&1 && has_chromium; then return; fi
    tail -n 5 .venv/chromium.log >&2
    echo "Installing Chromium failed. The whole log: $(pwd)/.venv/chromium.log" >&2
}

has_chromium() {
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        if command -v "$name" >/dev/null; then return; fi
    done
    return 1
}

# The fonts are for the scripts that the widget speaks.
install_chromium() {
    packages="chromium fonts-noto-core"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages ||
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; }
}

# For the tests of customers' databases: the same with Debian's MariaDB.
ensure_mariadb() {
    if has_mariadb; then return; fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then return; fi
    echo "Installing MariaDB for the tests of customers' databases …"
    if install_mariadb >.venv/mariadb.log 2>&1 && has_mariadb; then return; fi
    tail -n 5 .venv/mariadb.log >&2
    echo "Installing MariaDB failed. The whole log: $(pwd)/.venv/mariadb.log" >&2
}

has_mariadb() {
    [ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null
}

# The tests start a server of their own; the one that the package would start is not wanted.
install_mariadb() {
    (
        export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        apt-get install -y --no-install-recommends mariadb-server ||
            { apt-get update && apt-get install -y --no-install-recommends mariadb-server; }
    )
}
