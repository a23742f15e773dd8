"""Answers as JSON, for the record."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, TypedDict, cast

from pydantic import TypeAdapter

from payments.payment.rules.answers import Answer

_ANSWER: TypeAdapter[Any] = TypeAdapter(Answer)


class ToldAnswer(TypedDict, total=False):
    """What is read of an answer on record; ``answer`` is the name of its kind, the rest are fields of some kinds."""

    answer: str
    reason: str
    looks: int
    to_request: bool


def answer_as_json(answer: Answer | None) -> ToldAnswer | None:
    """Return ``answer`` as plain values with the name of its kind under ``answer``."""
    if answer is None:
        return None
    return cast(ToldAnswer, {"answer": type(answer).__name__, **_ANSWER.dump_python(answer, mode="json")})


def is_storable(value: object) -> bool:
    """Return whether PostgreSQL can keep every text in ``value``, deep down: no NUL, and no half of a character."""
    if isinstance(value, str):
        return _is_storable_text(value)
    if isinstance(value, Mapping):
        return all(is_storable(one) for pair in value.items() for one in pair)
    if isinstance(value, (list, tuple)):
        return all(map(is_storable, value))
    return all(map(is_storable, vars(value).values())) if is_dataclass(value) else True


def _is_storable_text(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
