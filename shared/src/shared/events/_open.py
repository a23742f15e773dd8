"""Open values: lists that may grow. Consumers accept any text; a publisher may use only the values of its own class."""

from collections.abc import Mapping
from typing import Annotated, Any, NewType, TypeVar, get_args

from pydantic import Field, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

KNOWN_VALUES = "x-known-values"
"""The keyword of an event's JSON Schema that lists the known values of a field."""

UnknownValue = NewType("UnknownValue", str)
"""A value that another release publishes and this release does not know."""

_Known = TypeVar("_Known", bound=str)


class _AnyText:
    """Makes pydantic read any text, and list the known values in the JSON Schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        listed: dict[str, Any] = {KNOWN_VALUES: list(_known_values(source))}
        return handler.generate_schema(Annotated[str, Field(json_schema_extra=listed)])


Open = Annotated[_Known | UnknownValue, _AnyText()]
"""``Open[Literal["form", "order"]]``: the type of a field that may get more values.

mypy accepts only known values when an event is created. It also accepts an unknown value when a field is read.
"""


class UnknownValueSaid(ValueError):
    """An event to be published has a value that its own class does not list."""


def known_values(fields: Mapping[str, FieldInfo]) -> dict[str, tuple[str, ...]]:
    """Return the known values of each open field in ``fields``, also of fields that hold several values."""
    found = {name: _known_values(field.annotation) for name, field in fields.items()}
    return {name: values for name, values in found.items() if values}


def _known_values(annotation: Any) -> tuple[str, ...]:
    parts = get_args(annotation)
    if UnknownValue in parts:
        known: tuple[str, ...] = get_args(parts[0])
        return known
    return next((values for part in parts if (values := _known_values(part))), ())
