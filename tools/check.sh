#!/bin/sh
# Everything that can be said about the code without running it. Says all it finds, then fails if anything was.
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin
failed=

step() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        printf '%s\n' "$output"
        failed=1
    fi
}

step "lint" "$bin/ruff" check .
step "format" "$bin/ruff" format --check .
# Tests import `harness` by that name alone; a link lets mypy find it without taking tests/checkout for checkout.
mkdir -p build/types && ln -sfn ../../tests/harness build/types/harness
sources=$(echo shared/src services/*/src deploy tools proof bench)
# shellcheck disable=SC2086 - a list of folders
step "types" env MYPYPATH=build/types "$bin/mypy" $sources build/types/harness tests --exclude '^tests/harness/'
step "imports" "$bin/lint-imports"
step "lock file" sh -c 'uv=$(command -v uv || echo .noren/tools/uv/bin/uv); "$uv" lock --check --quiet'
step "generated documents" "$bin/python" -m tools.documents --check
[ -z "$failed" ]
