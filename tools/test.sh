#!/bin/sh
# Every test: first those that share nothing, several at a time; then those of the running installation, which
# mostly wait, and beside them those that share a broker, ports or a browser, each one after the other. All parts
# run, then it fails if one of them has.
cd "$(dirname "$0")/.." || exit 1
shared='broker or processes or browser or containers'
failed=

run() {
    .venv/bin/python -m pytest -p tools.feature_record "$@"
}

run -n auto --maxprocesses 4 -m "not ($shared)" "$@" || failed=1
mkdir -p build
run --add-to-record -m "($shared) and not installation" "$@" >build/tests-beside.log 2>&1 &
beside=$!
run --add-to-record -m installation --durations 15 "$@" || failed=1
wait "$beside" || failed=1
cat build/tests-beside.log
[ -z "$failed" ]
