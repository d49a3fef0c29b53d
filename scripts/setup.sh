#!/bin/sh
# Makes .venv with the locked dependencies and the package in editable mode. Called by `make setup`.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}

if ! command -v "$PYTHON" >/dev/null 2>&1; then
    echo "submitter needs Python 3.11 or newer, and $PYTHON was not found. Install it, or name one: make setup PYTHON=python3.12" >&2
    exit 1
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "submitter needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1). Name another: make setup PYTHON=python3.12" >&2
    exit 1
fi
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    rm -rf .venv
    if ! "$PYTHON" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        # Debian's and Ubuntu's Python comes without venv; root can have it at once.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            echo "Installing Debian's python3-venv ..."
            DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null || true
            DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null || true
        fi
    fi
    if [ ! -x .venv/bin/python ] && ! "$PYTHON" -m venv .venv; then
        rm -rf .venv
        echo "Python could not make a virtual environment. On Debian or Ubuntu: apt-get install -y python3-venv" >&2
        exit 1
    fi
fi
echo "Installing the locked dependencies into .venv (a minute, the first time only) ..."
# The lock is complete, so nothing is resolved anew: older pips, given coverage[toml] beside a pinned coverage, look for newer ones.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch .venv/.ready
