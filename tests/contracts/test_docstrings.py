"""The sentences of docstrings: each is understood at the first reading."""

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from deploy.native.site import REPOSITORY

WORDS_MAX = 35
_LIST_OR_TABLE = re.compile(r"(- |\* |\||\d+\. )")
_CODE = re.compile(r"``[^`]*``|`[^`]*`")
_URL = re.compile(r"https?://\S+")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def packages() -> dict[str, Path]:
    """Return the source folder of each package: the services and what they share."""
    found = {path.parent.name: path for path in REPOSITORY.glob("services/*/src")}
    return {**found, "shared": REPOSITORY / "shared" / "src"}


def docstrings(source: str) -> Iterator[str]:
    """Yield the docstrings of a module, and the texts below its constants and fields."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield cleandoc(text)


def sentences(docstring: str) -> Iterator[str]:
    """Yield the sentences of a docstring without indented examples, lists and tables; code and URLs are a word."""
    for paragraph in docstring.split("\n\n"):
        lines = paragraph.splitlines()
        prose = [line for line in lines if not line.startswith(" ")]
        if not prose or _LIST_OR_TABLE.match(prose[0]):
            continue
        yield from _END_OF_SENTENCE.split(_URL.sub("URL", _CODE.sub("code", " ".join(prose))))


def long_sentences(folder: Path) -> list[str]:
    """Return the sentences in ``folder`` with more than WORDS_MAX words, each after the path of its module."""
    return [
        f"{path.relative_to(folder)}: {sentence}"
        for path in sorted(folder.rglob("*.py"))
        for docstring in docstrings(path.read_text(encoding="utf-8"))
        for sentence in sentences(docstring)
        if len(sentence.split()) > WORDS_MAX
    ]


def test_sentences_of_docstrings_have_at_most_35_words() -> None:
    read = packages()

    assert set(read) >= {"shared", "checkout", "members", "notifications", "payments"}
    assert [sentence for folder in read.values() for sentence in long_sentences(folder)] == []


def test_a_long_sentence_of_a_docstring_is_found(tmp_path: Path) -> None:
    long, short = "word " * WORDS_MAX + "end.", "word " * (WORDS_MAX - 1) + "end."
    module = tmp_path / "module.py"
    module.write_text(f'"""{short} {short}"""\n\n\nLIMIT = 1\n"""Below a constant: {long}"""\n')

    assert long_sentences(tmp_path) == [f"module.py: Below a constant: {long}"]


def test_examples_lists_and_code_count_as_no_long_sentence(tmp_path: Path) -> None:
    many = "word " * (WORDS_MAX + 5)
    module = tmp_path / "module.py"
    module.write_text(f'"""Say it.\n\n    {many}\n\n- {many}\n\nUse ``{many}`` here.\n"""\n')

    assert long_sentences(tmp_path) == []
