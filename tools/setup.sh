#!/bin/sh
# Make .venv with everything that running, testing and checking need, see to a Chromium for tests/browser, and put the
# senders' libraries for Node.js into .venv/node.
# Quick when nothing changed.
set -eu
python=${1:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "fullcount needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Fix: make PYTHON=python3.11 ..." >&2
    exit 2
}

if [ ! -x .venv/bin/python ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
        else
            echo "Python's venv module is missing. Fix: install it (Debian: apt-get install python3-venv)" >&2
            exit 2
        fi
    fi
    "$python" -m venv .venv
fi

has_chromium() {
    for command in chromium chromium-browser google-chrome-stable google-chrome; do
        if command -v "$command" >/dev/null; then return 0; fi
    done
    return 1
}

want=$(cat requirements/dev.txt pyproject.toml tools/setup.sh | cksum)
if [ "$(cat .venv/fullcount-setup 2>/dev/null)" != "$want" ]; then
    echo "installing into .venv (once)" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    # Only tests/browser needs Chromium: without it the rest goes on.
    if ! has_chromium && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing Chromium for tests/browser (once)" >&2
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null || true
    fi
    echo "$want" > .venv/fullcount-setup
fi
has_chromium ||
    echo "no Chromium: the tests in tests/browser will fail. Fix: install it (Debian: apt-get install chromium)" >&2

# Exact versions and no lock file: one would record download addresses.
senders=tests/contract/senders/node/package.json
if ! cmp -s "$senders" .venv/node/installed.json; then
    if ! command -v npm >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing Node.js for tests/contract/senders (once)" >&2
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm; } >/dev/null || true
    fi
    mkdir -p .venv/node && cp "$senders" .venv/node/package.json
    if command -v npm >/dev/null &&
        npm install --prefix .venv/node --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null; then
        cp "$senders" .venv/node/installed.json
    else
        echo "no npm, or it failed: the tests of Node.js senders will fail. Fix: install it (Debian: apt-get install npm)" >&2
    fi
fi
