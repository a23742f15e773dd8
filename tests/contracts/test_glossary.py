"""The column "not" of the glossary: words that code and documents do not use for the things of the shop."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from deploy.native.site import REPOSITORY
from tests.contracts.test_docstrings import docstrings

GLOSSARY = REPOSITORY / "docs" / "glossary.md"
# Only words that have no other meaning here: `worker` or `template` mean something else in most places.
NOT_USED = (
    "audit event",
    "bookmark",
    "business logic",
    "courier",
    "customer data",
    "deficit",
    "delivery service",
    "departure",
    "enum member",
    "held order",
    "magic link",
    "mail type",
    "news",
    "order factory",
    "payment facts",
    "payment type",
    "postpone",
    "redirect flow",
    "shipment",
    "surplus",
    "suspect",
    "unroutable message",
    "user content",
    "webhook",
)
_WORDS = re.compile(rf"\b({'|'.join(NOT_USED)})(s|ed|d)?\b", re.IGNORECASE)
_PARTS_OF_A_NAME = re.compile(r"_|(?<=[a-z0-9])(?=[A-Z])")


def words_of(path: Path) -> Iterator[str]:
    """Yield what people read of a file: names, comments and docstrings of a module, or the whole document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield text
        return
    yield from docstrings(text)
    with tokenize.open(path) as module:
        for token in tokenize.generate_tokens(module.readline):
            if token.type in (tokenize.NAME, tokenize.COMMENT):
                yield _PARTS_OF_A_NAME.sub(" ", token.string)


def found_in(path: Path) -> list[str]:
    """Return the words of NOT_USED in a file, each after the name of the file."""
    return [f"{path.name}: {match[0]}" for words in words_of(path) for match in _WORDS.finditer(words)]


def files() -> list[Path]:
    """Return the modules and documents of the product."""
    found = [
        *REPOSITORY.glob("shared/src/**/*.py"),
        *REPOSITORY.glob("services/*/src/**/*.py"),
        *REPOSITORY.glob("services/*/README.md"),
        *REPOSITORY.glob("docs/*.md"),
        REPOSITORY / "README.md",
    ]
    return [path for path in found if path != GLOSSARY]


def test_words_that_the_glossary_rules_out_are_not_used() -> None:
    read = files()

    assert len(read) > 300
    assert [found for path in read for found in found_in(path)] == []


def test_each_avoided_word_is_ruled_out_by_the_glossary() -> None:
    rows = [
        row.split("|") for row in GLOSSARY.read_text(encoding="utf-8").splitlines() if row.startswith("|")
    ]
    ruled_out = " ".join(cells[3] for cells in rows if len(cells) == 5)

    assert [word for word in NOT_USED if word not in ruled_out] == []


def test_a_word_is_found_in_names_comments_and_docstrings(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""The news."""\n\nNEWS = {"news": 1}  # a courier\n\n\nclass OrderFactory:\n    pass\n'
    )

    assert sorted(found_in(module)) == [
        "module.py: NEWS",
        "module.py: Order Factory",
        "module.py: courier",
        "module.py: news",
    ]
