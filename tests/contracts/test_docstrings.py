"""The sentences of docstrings: each is understood at the first reading."""

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from deploy.native.site import REPOSITORY

WORDS_MAX = 35
# Words with which a noun phrase or a clause begins; ruff (D401) looks at functions, but not at properties.
NO_VERBS = {"A", "All", "An", "Its", "The", "What", "When", "Where", "Whether", "Which", "Who"}
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


def properties_without_verb(folder: Path) -> list[str]:
    """Return the docstrings of properties in ``folder`` that begin with no verb, each after the path of its module."""
    return [
        f"{path.relative_to(folder)}: {docstring}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
        and (docstring := ast.get_docstring(node))
        and docstring.split()[0] in NO_VERBS
    ]


def test_docstrings_of_properties_begin_with_a_verb() -> None:
    assert [
        docstring for folder in packages().values() for docstring in properties_without_verb(folder)
    ] == []


def test_a_property_that_begins_with_a_noun_is_found(tmp_path: Path) -> None:
    property_of = '    @property\n    def {0}(self) -> str:\n        """{1} name."""\n        return ""\n'
    module = tmp_path / "module.py"
    module.write_text(
        "class Thing:\n" + property_of.format("name", "The") + property_of.format("code", "Return the")
    )

    assert properties_without_verb(tmp_path) == ["module.py: The name."]


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
