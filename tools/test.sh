#!/bin/sh
# Every test: first those that share nothing, several at a time; then those that share a broker, a running
# installation, ports or a browser, one after the other, in two groups (tests/conftest.py). Both parts run, then it
# fails if one of them has.
cd "$(dirname "$0")/.." || exit 1
shared='broker or processes or browser or containers'
failed=
.venv/bin/python -m pytest -p tools.feature_record -n auto --maxprocesses 4 -m "not ($shared)" "$@" || failed=1
.venv/bin/python -m pytest -p tools.feature_record --add-to-record -n 2 --dist loadgroup -m "$shared" "$@" || failed=1
[ -z "$failed" ]
