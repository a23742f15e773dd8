"""Answers as JSON, for the record."""

from typing import Any

from pydantic import TypeAdapter

from payments.domain.answers import Answer

_ANSWER: TypeAdapter[Any] = TypeAdapter(Answer)


def answer_as_json(answer: Answer | None) -> dict[str, Any] | None:
    """Return ``answer`` as plain values with the name of its kind under ``answer``."""
    if answer is None:
        return None
    return {"answer": type(answer).__name__, **_ANSWER.dump_python(answer, mode="json")}
