"""The registration number of an issuer of qualified invoices (適格請求書発行事業者登録番号): T and 13 digits.

For a company the digits are its corporate number. Its first digit is the check digit of the other twelve, as the
ordinance on corporate numbers defines it (法人番号の指定等に関する省令 第2条). Numbers of sole traders have the same form.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from shared.text.widths import half_width
from shared.web.fields import wrong

_DRESSING = re.compile(r"[\s‐‑‒–—―−ーｰ-]")
_NUMBER = re.compile(r"T[0-9]{13}")
_TYPED_MAX = 40


def check_digit(digits: str) -> int:
    """Return the check digit of the last twelve digits of a number.

    Counted from the right, digits at even places count twice. The check digit is 9 less the remainder of their sum by 9.
    """
    total = sum(int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(digits), start=1))
    return 9 - total % 9


def _registration_number(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    number = _DRESSING.sub("", half_width(typed[:_TYPED_MAX])).upper()
    if not number:
        return ""
    if not _NUMBER.fullmatch(number):
        raise wrong("登録番号は「T」と13桁の数字で入力してください")
    if int(number[1]) != check_digit(number[2:]):
        raise wrong("登録番号の数字が正しくありません。通知書の番号をご確認ください")
    return number


RegistrationNumber = Annotated[str, BeforeValidator(_registration_number), Field(title="登録番号")]
"""Empty, or T and 13 digits with the right check digit."""
