"""Answers of providers as JSON, for the rows of requests."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, TypedDict, cast

from pydantic import TypeAdapter

from payments.payment.rules.answers import Answer, stored_name

_ANSWER: TypeAdapter[Any] = TypeAdapter(Answer)


class StoredAnswer(TypedDict, total=False):
    """The fields that are read from a stored answer. ``answer`` is its class; the rest are fields of some classes."""

    answer: str
    reason: str
    looks: int
    to_request: bool


def answer_as_json(answer: Answer | None) -> StoredAnswer | None:
    """Return ``answer`` as plain values, with the stored name of its class under ``answer``."""
    if answer is None:
        return None
    return cast(
        StoredAnswer, {"answer": stored_name(type(answer)), **_ANSWER.dump_python(answer, mode="json")}
    )


def is_storable(value: object) -> bool:
    """Return whether PostgreSQL can store every nested text in ``value``: no NUL, and no half of a character."""
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
