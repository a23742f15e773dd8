"""Long texts of strangers: their length is refused before anything searches them, and no pattern is quadratic."""

import ast
import importlib
import inspect
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from shared.web import fields
from shared.web.field_messages import japanese_message

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in (ROOT / "shared" / "src", *ROOT.glob("services/*/src"))
    for path in folder.rglob("*.py")
    if not {"simulator", "migrations"} & set(path.parts)
)
LETTERS = 100_000
CPU_SECONDS_MAX = 1.5
"""A linear pattern takes a hundredth of it over LETTERS, a quadratic one many times as much."""
PIECES = (
    *("a", "9", "-", "+", "@", ".", "<", "=", " ", "\n", "\t", "ア", "ー", "第9", "〜", "(", "'"),
    *("a.", "a@", "a ", "9,", "+a", "A1", "a-", "a_", "【", "■：", "\\", "\ufdd0", "\U000f0041", "葛\ufe00"),
)
HOSTILE = [piece * (LETTERS // len(piece)) for piece in PIECES]
ONLY_COMPARED = {"_prefecture", "_jpy"}
MEASURED_BY_THE_RULE = {"_good_password"}
PLACES = ("search", "finditer", "findall", "sub", "split")


def modules() -> Iterator[Any]:
    for path in SOURCES:
        parts = path.parts[path.parts.index("src") + 1 :]
        if path.stem not in ("__main__", "env"):
            yield importlib.import_module(".".join(parts).removesuffix(".py").removesuffix(".__init__"))


def patterns_and_uses() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Each pattern for text, with whether it is looked for at all places of a text; else only from its beginning."""
    uses: defaultdict[str, set[str]] = defaultdict(set)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(ast.Name("re"), do), args=[ast.Constant(str(text)), *_]):
                    if do != "compile":
                        yield f"{path.name}: {text}", re.compile(text), do in PLACES
                case ast.Attribute(ast.Name(name), do):
                    uses[name].add(do)
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{module.__name__}.{name}", value, bool(uses[name] & set(PLACES))


def test_no_pattern_takes_quadratic_time_over_a_long_text() -> None:
    slow = []
    found = patterns_and_uses()
    checked = {(pattern.pattern, pattern.flags, anywhere): name for name, pattern, anywhere in found}
    assert len(checked) > 40
    for (text, flags, anywhere), name in checked.items():
        pattern = re.compile(text, flags)
        for hostile in HOSTILE:
            start = time.thread_time()
            if anywhere:
                for _ in pattern.finditer(hostile):
                    pass
            else:
                pattern.fullmatch(hostile)
            if time.thread_time() - start > CPU_SECONDS_MAX:
                slow.append((name, hostile[:4]))
                break
    assert slow == []


@pytest.mark.parametrize(
    "kind", ["PostalCode", "Phone", "Email", "Kana", "Line", "PersonName", "AddressLine", "Text"]
)
def test_the_length_is_refused_before_the_text_is_looked_at(kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(getattr(fields, kind)).validate_python("\x00a@b.jp/" * 20_000)
    [error] = refused.value.errors()
    said = japanese_message(error, "項目")
    assert "文字以内" in said or "桁の数字" in said or "10桁か11桁" in said, said


def texts_in(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        inner, *own = get_args(annotation)
        yield from texts_in(inner, (*own, *metadata))
    elif annotation is str:
        yield metadata
    else:
        for part in get_args(annotation):
            yield from texts_in(part)


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def test_a_field_whose_text_is_checked_says_its_length_before() -> None:
    unbounded = set()
    own = {module.__name__ for module in modules()}
    for model in models():
        if model.__module__ not in own or inspect.isabstract(model):
            continue
        for name, info in model.model_fields.items():
            for metadata in texts_in(info.annotation, tuple(info.metadata)):
                for rule in metadata:
                    if getattr(rule, "max_length", None) is not None:
                        break
                    if any(getattr(part, "max_length", None) for part in getattr(rule, "metadata", ())):
                        break
                    if isinstance(rule, AfterValidator) and (
                        getattr(rule.func, "__name__", "") not in ONLY_COMPARED | MEASURED_BY_THE_RULE
                    ):
                        unbounded.add(f"{model.__module__}.{model.__name__}.{name}")
                        break
    assert unbounded == set()
