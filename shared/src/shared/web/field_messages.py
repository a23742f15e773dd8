"""What a form says about a refused field: one Japanese sentence for each error of pydantic.

The types in ``fields.py`` refuse with sentences of their own, and mark what a page offers for choice.
"""

from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.web.fields import CHOSEN

_CHOICES = {"literal_error", "enum"}
_NOT_A_NUMBER = {
    "number_unclear",
    "decimal_parsing",
    "decimal_type",
    "int_parsing",
    "int_type",
    "int_from_float",
    "int_parsing_size",
    "float_parsing",
    "float_type",
}
_OUT_OF_BOUNDS = {
    "greater_than_equal": "{label}は{ge}以上で入力してください",
    "less_than_equal": "{label}は{le}以下で入力してください",
    "greater_than": "{label}は{gt}より大きい数で入力してください",
    "less_than": "{label}は{lt}より小さい数で入力してください",
}
_LENGTHS = {
    "string_too_long": "{label}は{max_length}文字以内で入力してください",
    "string_too_short": "{label}は{min_length}文字以上で入力してください",
    "too_short": "{label}は{min_length}件以上選んでください",
    "too_long": "{label}は{max_length}件以内にしてください",
}
_DATES = {"date_parsing", "date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"}
_FEW = 9_999
"""Up to this bound, a message names the whole range."""


def bounds_of(info: FieldInfo | None) -> tuple[int, int] | None:
    """Return the least and the greatest number of a field, or None if the field does not declare both."""
    if info is None:
        return None
    # `Count | None` keeps the bounds inside the union.
    inner = [getattr(part, "__metadata__", ()) for part in get_args(info.annotation)]
    nested = [rule for rules in inner for each in rules for rule in getattr(each, "metadata", ())]
    parts = [*info.metadata, *nested]
    least = next((part.ge for part in parts if getattr(part, "ge", None) is not None), None)
    greatest = next((part.le for part in parts if getattr(part, "le", None) is not None), None)
    return None if least is None or greatest is None else (least, greatest)


def unit_of(info: FieldInfo | None) -> str:
    """Return the word after a field's number, such as 円 (from `json_schema_extra`), or ""."""
    extra = info.json_schema_extra if info is not None else None
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def japanese_message(
    error: ErrorDetails,
    label: str,
    *,
    choice: bool = False,
    bounds: tuple[int, int] | None = None,
    unit: str = "",
) -> str:
    """Return what a person must do about one pydantic error, as a sentence about the field called `label`.

    With `choice`, a missing value is to be selected, not typed. `bounds` and `unit` are those of the field
    (`bounds_of`, `unit_of`).
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "japanese":
        return str(context["message"])
    if kind == "of_field":
        return f"{label}に{context['message']}"
    if kind == "about_field":
        return f"{label}{context['message']}"
    if kind in ("too_long", "too_short") and isinstance(error.get("input"), str):
        kind = f"string_{kind}"  # pydantic reports a "list" after a validator has examined the value
    if kind in ("missing", "string_type") or (kind == "string_too_short" and context.get("min_length") == 1):
        return f"{label}を{'選択' if choice else '入力'}してください"
    if kind in _CHOICES:
        return f"{label}は選択肢から選んでください"
    if kind in _NOT_A_NUMBER or kind in _OUT_OF_BOUNDS:
        return _about_number(error, label, bounds, unit)
    if kind in _DATES:
        return f"{label}は日付で入力してください"
    if kind in _LENGTHS:
        return _LENGTHS[kind].format(label=label, **context)
    if kind == "value_error":
        return str(context.get("error", "")) or f"{label}を確認してください"
    if kind == "extra_forbidden":
        return f"{label}は受け付けていない項目です"
    return f"{label}を確認してください"


def _about_number(error: ErrorDetails, label: str, bounds: tuple[int, int] | None, unit: str) -> str:
    if bounds and bounds[1] <= _FEW and not unit:
        return f"{label}は{bounds[0]:,}〜{bounds[1]:,}の数字で入力してください"
    if error["type"] in _OUT_OF_BOUNDS:
        limits = {name: f"{limit:,}{unit}" for name, limit in error.get("ctx", {}).items()}
        return _OUT_OF_BOUNDS[error["type"]].format(label=label, **limits)
    if error["type"] == "number_unclear" and any(sign.isdigit() for sign in str(error.get("input"))):
        return f"{label}は「5,800」「5800」のような数字で入力してください"
    return f"{label}は数字で入力してください"


def is_choice(info: FieldInfo | None) -> bool:
    """Return whether a field's value is chosen, not typed: it is marked so, or its type is a closed set."""
    return info is not None and (CHOSEN in info.metadata or _is_closed(info.annotation))


def _is_closed(annotation: Any) -> bool:
    """Return whether the type is a Literal, an enum or bool, also inside a list or an optional type."""
    if get_origin(annotation) is Literal or annotation is bool:
        return True
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return True
    return any(_is_closed(part) for part in get_args(annotation))
