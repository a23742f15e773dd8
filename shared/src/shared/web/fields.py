"""Input types with their Japanese messages, for forms and JSON bodies alike.

Each accepts what people really type (full-width digits, hyphens, spaces), stores one canonical form, and says
in one sentence what to do instead. The rules themselves (mail addresses, plain text, typed numbers) have modules
of their own, because mails and files need them too.

The length is checked before any pattern reads the text: strangers send a megabyte as a name.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.text import plain_text
from shared.text.mail_address import MailAddressRefused, mail_address
from shared.text.phones import phone_digits
from shared.text.plain_text import REFUSED_IN_LINE, REFUSED_IN_TEXT, TextRefused
from shared.text.prefectures import PREFECTURES as PREFECTURES
from shared.text.typed_number import NumberUnclear, typed_number
from shared.text.widths import half_width

_DASHES = re.compile(r"[-‐‑‒–—―−ーｰ]")  # what a Japanese keyboard gives for a hyphen
_KANA = re.compile(r"[ァ-ヺー・ ]+")
_DRESSED_MAX = 40
"""Characters of a postal code, with all that people put around its digits."""
_KANA_MAX = 60
_HALVES = 2
"""Signs that half-width kana take for one letter with its mark."""
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def wrong(message: str) -> PydanticCustomError:
    """The error a validator raises to have `message` shown at its field as it stands."""
    return PydanticCustomError("japanese", "{message}", {"message": message})


def _digits(text: str) -> str:
    return re.sub(r"[\s()]", "", _DASHES.sub("", half_width(text)))


def postal_digits(text: str) -> str:
    """The digits of a postal code as people write it; whether there are seven is for the caller to see."""
    return _digits(text).removeprefix("〒")


def _postal_code(text: str) -> str:
    digits = postal_digits(text) if len(text) <= _DRESSED_MAX else ""
    if not re.fullmatch(r"[0-9]{7}", digits):
        raise wrong("郵便番号は7桁の数字で入力してください")
    return digits


def _phone(text: str) -> str:
    digits = phone_digits(text)
    if not digits:
        raise wrong("電話番号は0から始まる10桁か11桁の数字で入力してください")
    return digits


def _prefecture(text: str) -> str:
    if text not in PREFECTURES:
        raise wrong("都道府県を選択してください")
    return text


def _email(text: str) -> str:
    try:
        return mail_address(text)
    except MailAddressRefused as refused:
        raise wrong(refused.message) from None


def _kana(text: str) -> str:
    if len(text) > _HALVES * _KANA_MAX:
        raise PydanticCustomError("string_too_long", "too long", {"max_length": _KANA_MAX})
    if not plain_text.trimmed(text):
        return ""
    # NFKC, because half-width kana carry their marks behind them.
    kana = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).strip()).translate(_HIRAGANA)
    if not _KANA.fullmatch(kana):
        raise wrong("フリガナは全角カタカナで入力してください")
    return kana


def _plain(check: Callable[[str], str]) -> Callable[[str], str]:
    """A rule of `plain_text` as a validator; its sentence gets the field's name in front."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except TextRefused as refused:
            raise PydanticCustomError("of_field", "{message}", {"message": refused.message}) from None

    return checked


def typed(value: Any) -> Any:
    """A number out of a box: read exactly or refused. Other types are pydantic's to judge."""
    if not isinstance(value, str):
        return value
    try:
        return typed_number(value)
    except NumberUnclear:
        raise PydanticCustomError("number_unclear", "unclear number") from None


CHOSEN = "chosen"
"""In a field's annotation: its value is selected from what the page offers, so a missing one is asked for so."""


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""The days that a list is searched by: nothing is older, and the days around them can be counted."""


def is_day_of_lists(day: date) -> bool:
    """Return whether a list can be searched by ``day``."""
    return FIRST_DAY <= day <= LAST_DAY


def _day_of_lists(day: date) -> date:
    if not is_day_of_lists(day):
        message = f"は{FIRST_DAY.year}年から{LAST_DAY.year}年までの日付を入力してください"
        raise PydanticCustomError("about_field", "{message}", {"message": message})
    return day


def _of_text(check: Callable[[str], str]) -> BeforeValidator:
    """Check strings only; another type falls through to pydantic, which refuses it."""
    return BeforeValidator(lambda value: check(value) if isinstance(value, str) else value)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _whole(value: Any) -> Any:
    # JSON knows one kind of number: 2.0 is the integer 2 (JSON Schema 2020-12, 6.1.1), but "2" and true are not.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _day_as_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong("文字列で入力してください")
    if not _DAY.fullmatch(value):
        raise wrong("日付は 2026-01-31 の形で入力してください")
    return value


def _documented(**schema: Any) -> Any:
    """The OpenAPI schema of a field: the canonical form, which is always taken."""
    return Field(json_schema_extra=schema)


# No refused sign, and no "=?".
_LINE_PATTERN = rf"^([^={REFUSED_IN_LINE}]|=+[^?={REFUSED_IN_LINE}])*=*$"
_TEXT_PATTERN = rf"^[^{REFUSED_IN_TEXT}]*$"

PostalCode = Annotated[
    str, _of_text(_postal_code), Field(title="郵便番号"), _documented(pattern=r"^[0-9]{7}$")
]
Phone = Annotated[str, _of_text(_phone), Field(title="電話番号"), _documented(pattern=r"^0[0-9]{9,10}$")]
Prefecture = Annotated[
    str, AfterValidator(_prefecture), CHOSEN, Field(title="都道府県"), _documented(enum=list(PREFECTURES))
]
Email = Annotated[
    str, _of_text(_email), Field(title="メールアドレス", max_length=254), _documented(format="email")
]
Kana = Annotated[
    str, _of_text(_kana), Field(title="フリガナ", max_length=_KANA_MAX), _documented(pattern="^[ァ-ヺー・]*$")
]
_TRIMMED = _of_text(plain_text.trimmed)
"""A program's text is trimmed as a form's is, and what nobody sees is no text: a field that needs one asks for it."""

Line = Annotated[
    str,
    _TRIMMED,
    Field(max_length=200),
    AfterValidator(_plain(plain_text.line)),
    _documented(pattern=_LINE_PATTERN),
]
PersonName = Annotated[
    str,
    _TRIMMED,
    Field(title="お名前", min_length=1, max_length=60),
    AfterValidator(_plain(plain_text.name)),
    _documented(pattern=_LINE_PATTERN),
]
AddressLine = Annotated[
    str,
    _TRIMMED,
    Field(max_length=200),
    AfterValidator(_plain(plain_text.unlinked_line)),
    _documented(pattern=_LINE_PATTERN),
]
Text = Annotated[
    str,
    _TRIMMED,
    _of_text(plain_text.with_line_feeds),
    Field(max_length=4000),
    AfterValidator(_plain(plain_text.text)),
    _documented(pattern=_TEXT_PATTERN),
]
LongText = Annotated[
    str,
    _TRIMMED,
    _of_text(plain_text.with_line_feeds),
    Field(max_length=10_000),
    AfterValidator(_plain(plain_text.text)),
    _documented(pattern=_TEXT_PATTERN),
]
"""A text as long as a page. A form of it stays below the limit of the edge (128 kB)."""
JsonInt = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
"""An integer of a JSON body: a number, never text or true."""
JsonVersion = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_whole)]
"""The version of something that a program changes."""
JsonBool = Annotated[bool, Field(strict=True)]
"""true or false of a JSON body, never "yes" or 1."""
JsonDate = Annotated[date, BeforeValidator(_day_as_text)]
"""A date of a JSON body, as text (full-date of RFC 3339 5.6), never seconds since 1970 and never with a time."""
DayOfLists = Annotated[date, AfterValidator(_day_of_lists)]
"""A day that a list is searched by."""
Pieces = Annotated[int, BeforeValidator(typed)]
"""A whole number that a person types; bounds are the field's own (`Field(ge=1, le=99)`)."""
Yen = Annotated[int, BeforeValidator(typed), Field(ge=0, le=99_999_999)]
PaidYen = Annotated[int, BeforeValidator(typed), Field(ge=1, le=99_999_999)]
"""An amount of money that moves: not nothing."""
Count = Annotated[int, BeforeValidator(typed), Field(ge=1, le=9_999)]
Percent = Annotated[
    Decimal,
    _of_text(half_width),
    Field(ge=0, le=100, max_digits=5, decimal_places=2),
    AfterValidator(lambda number: Decimal(f"{number:f}")),
]
"""A percentage with up to two decimals, kept as it is said: 「1e1」 is 10."""

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
"""Up to this bound a range reads well in a sentence."""


def bounds_of(info: FieldInfo | None) -> tuple[int, int] | None:
    """The least and the greatest number that a field takes, where it names both."""
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
    """The word that follows a field's number, such as 円, where it names one (`json_schema_extra`)."""
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
    """What to do about one pydantic error, as a sentence about the field called `label`.

    `choice` words a missing value as something to select, not to type; `bounds` and `unit` are the field's
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
        kind = f"string_{kind}"  # pydantic counts as a list what a validator has looked at before
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
    """Whether a field's value is chosen, not typed: marked so, or one of a closed set."""
    return info is not None and (CHOSEN in info.metadata or _is_closed(info.annotation))


def _is_closed(annotation: Any) -> bool:
    """A Literal, enum or bool, also inside a list or optional."""
    if get_origin(annotation) is Literal or annotation is bool:
        return True
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return True
    return any(_is_closed(part) for part in get_args(annotation))
