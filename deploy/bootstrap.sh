#!/bin/sh
# The first step on a fresh machine: uv, and with it the virtual environment in .venv.
# Everything after it is Python (`python -m deploy`). Quick when nothing is to be done.
set -eu
cd "$(dirname "$0")/.."
tools=${NOREN_HOME:-.noren}/tools

fail() {
    echo "noren: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

install_python_packages() {
    command -v apt-get >/dev/null || fail "missing: $*. This system has no apt-get: install Python 3.11 or newer with venv, or uv"
    echo "Installing $*"
    { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; } >/dev/null ||
        fail "this user cannot install packages: install $*, or uv"
}

install_uv() {
    find_python >/dev/null || install_python_packages python3 python3-venv
    python=$(find_python) || fail "missing: Python 3.11 or newer, or uv (https://docs.astral.sh/uv/)"
    # Debian's python3 comes without the part of venv that installs pip.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_python_packages python3-venv
    mkdir -p "$tools" || fail "$tools cannot be written by this user: remove it or set NOREN_HOME"
    echo "Installing uv"
    "$python" -m venv "$tools/uv"
    "$tools/uv/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9
}

if uv --version >/dev/null 2>&1; then
    uv=uv
else
    "$tools/uv/bin/uv" --version >/dev/null 2>&1 || install_uv
    uv=$tools/uv/bin/uv
fi
# Distributions build their Python with optimizations, version managers often without: a third slower.
if [ ! -d .venv ] && /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    export UV_PYTHON="${UV_PYTHON:-/usr/bin/python3}"
fi
# Compiled once instead of by every process at its start: where the environment forbids writing bytecode, that is
# half of a start.
compile=
[ .venv/.compiled -nt uv.lock ] || compile=--compile-bytecode
"$uv" sync --all-packages --frozen --quiet $compile || fail "the Python packages could not be installed (uv sync)"
[ -z "$compile" ] || touch .venv/.compiled
