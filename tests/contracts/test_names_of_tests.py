"""The names of tests: each is read in one line."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
CHARACTERS_MAX = 60


def test_names_of_tests_have_at_most_60_characters() -> None:
    names = [
        (path.relative_to(TESTS), name)
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(
            r"^\s*(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]

    assert names
    assert [(str(path), name) for path, name in names if len(name) > CHARACTERS_MAX] == []
