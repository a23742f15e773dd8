"""Input types with their Japanese messages, for forms and JSON bodies alike.

Each accepts the usual ways of typing (full-width digits, hyphens, spaces) and stores one canonical form. For other text
it says in one sentence what to do. The rules themselves (mail addresses, plain text, typed numbers) have modules of
their own, because mails and files need them too.

The length is checked before a pattern reads the text, because strangers may send a megabyte as a name.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared.text import plain_text
from shared.text.mail_address import MailAddressRefused, mail_address
from shared.text.phones import phone_digits
from shared.text.plain_text import REFUSED_IN_LINE, REFUSED_IN_TEXT, TextRefused
from shared.text.prefectures import PREFECTURES as PREFECTURES
from shared.text.typed_number import NumberUnclear, typed_number
from shared.text.widths import half_width

_DASHES = re.compile(r"[-‐‑‒–—―−ーｰ]")  # signs that a Japanese keyboard enters for a hyphen
_KANA = re.compile(r"[ァ-ヺー・ ]+")
_DRESSED_MAX = 40
"""The longest typed postal code, in characters, with the signs around its digits."""
_KANA_MAX = 60
_HALVES = 2
"""The number of signs in which half-width kana write one letter with its mark."""
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def wrong(message: str) -> PydanticCustomError:
    """Return the error that a validator raises. Its field shows `message` unchanged."""
    return PydanticCustomError("japanese", "{message}", {"message": message})


def _digits(text: str) -> str:
    return re.sub(r"[\s()]", "", _DASHES.sub("", half_width(text)))


def postal_digits(text: str) -> str:
    """Return the digits of a typed postal code. The caller checks that there are seven."""
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
    """Return a rule of `plain_text` as a validator. Its message begins with the field's name."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except TextRefused as refused:
            raise PydanticCustomError("of_field", "{message}", {"message": refused.message}) from None

    return checked


def typed(value: Any) -> Any:
    """Return the exact number that was typed. Refuse an unclear number. pydantic checks other types."""
    if not isinstance(value, str):
        return value
    try:
        return typed_number(value)
    except NumberUnclear:
        raise PydanticCustomError("number_unclear", "unclear number") from None


CHOSEN = "chosen"
"""In a field's annotation: the value is selected on the page. The message about a missing value says so."""


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""The range of days by which lists are searched. No row is older, and the range leaves room for calculations."""


def is_day_of_lists(day: date) -> bool:
    """Return whether a list can be searched by ``day``."""
    return FIRST_DAY <= day <= LAST_DAY


def _day_of_lists(day: date) -> date:
    if not is_day_of_lists(day):
        message = f"は{FIRST_DAY.year}年から{LAST_DAY.year}年までの日付を入力してください"
        raise PydanticCustomError("about_field", "{message}", {"message": message})
    return day


def _of_text(check: Callable[[str], str]) -> BeforeValidator:
    """Check only strings. pydantic refuses other types."""
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
    """Return the OpenAPI schema of a field. It describes the canonical form, which is always accepted."""
    return Field(json_schema_extra=schema)


# No refused character, and no "=?".
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
"""The text of a program is trimmed like that of a form. Invisible text counts as missing."""

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
"""A percentage with up to two decimals. It is stored in plain digits: 「1e1」 is 10."""
