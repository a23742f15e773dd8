"""Input types with their Japanese messages, for forms and JSON bodies alike.

Each accepts what people really type (full-width digits, hyphens, spaces), stores one canonical form, and says
in one sentence what to do instead. Names are never rewritten: 髙 and 﨑 are how people spell themselves.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import ErrorDetails, PydanticCustomError

_JIS_X_0401 = """
北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県
埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 山梨県 長野県
岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県
鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県
福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県
"""
PREFECTURES = tuple(_JIS_X_0401.split())
"""The 47 prefectures in JIS X 0401 order: the index plus one is the prefecture's code."""

_DASHES = re.compile(r"[-‐‑‒–—―−ーｰ]")  # what a Japanese keyboard gives for a hyphen
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_KANA = re.compile(r"[ァ-ヺー・ ]+")
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def half_width(text: str) -> str:
    """Full-width digits, letters and spaces as ASCII (Unicode NFKC), without the blanks around them."""
    return unicodedata.normalize("NFKC", text).strip()


def wrong(message: str) -> PydanticCustomError:
    """The error a validator raises to have `message` shown at its field as it stands."""
    return PydanticCustomError("japanese", "{message}", {"message": message})


def _digits(text: str) -> str:
    return re.sub(r"[\s()]", "", _DASHES.sub("", half_width(text)))


def _postal_code(text: str) -> str:
    digits = _digits(text).removeprefix("〒")
    if not re.fullmatch(r"[0-9]{7}", digits):
        raise wrong("郵便番号は7桁の数字で入力してください")
    return digits


def _phone(text: str) -> str:
    digits = _digits(text)
    if digits.startswith("+81"):
        digits = "0" + digits[3:].removeprefix("0")
    if not re.fullmatch(r"0[0-9]{9,10}", digits):
        raise wrong("電話番号は0から始まる10桁か11桁の数字で入力してください")
    return digits


def _prefecture(text: str) -> str:
    if text not in PREFECTURES:
        raise wrong("都道府県を選択してください")
    return text


def _email(text: str) -> str:
    try:
        # Reserved test domains pass: the demo and the tests mail to them, and no delivery is tried here.
        checked = validate_email(half_width(text), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise wrong("メールアドレスは name@example.jp の形式で入力してください") from None
    return checked.normalized


def _kana(text: str) -> str:
    kana = re.sub(r"\s+", " ", half_width(text)).translate(_HIRAGANA)
    if not _KANA.fullmatch(kana):
        raise wrong("フリガナは全角カタカナで入力してください")
    return kana


def _line(text: str) -> str:
    # "=?" opens an encoded word in a mail header (CVE-2024-6923); no Japanese name or address needs it.
    if _CONTROL.search(text) or "=?" in text:
        raise wrong("使用できない文字が含まれています。改行や記号を除いて入力してください")
    return text


def _text(text: str) -> str:
    if _CONTROL_BUT_NEWLINE.search(text):
        raise wrong("使用できない文字が含まれています")
    return text


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return half_width(value).removeprefix("¥").removeprefix("\\").removesuffix("円").replace(",", "").strip()


def _of_text(check: Callable[[str], str]) -> BeforeValidator:
    """Check strings only; another type falls through to pydantic, which refuses it."""
    return BeforeValidator(lambda value: check(value) if isinstance(value, str) else value)


def _whole(value: Any) -> Any:
    # JSON knows one kind of number: 2.0 is the integer 2 (JSON Schema 2020-12, 6.1.1), but "2" and true are not.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _only_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong("文字列で入力してください")
    return value


def _documented(**schema: Any) -> Any:
    """What the OpenAPI document says of a field: the canonical form, which is always taken."""
    return Field(json_schema_extra=schema)


_LINE_PATTERN = (
    r"^([^=\x00-\x1f\x7f-\x9f\u2028\u2029]|=+[^?=\x00-\x1f\x7f-\x9f\u2028\u2029])*=*$"  # no control, no "=?"
)
_TEXT_PATTERN = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"

PostalCode = Annotated[
    str, _of_text(_postal_code), Field(title="郵便番号"), _documented(pattern=r"^[0-9]{7}$")
]
Phone = Annotated[str, _of_text(_phone), Field(title="電話番号"), _documented(pattern=r"^0[0-9]{9,10}$")]
Prefecture = Annotated[
    str, AfterValidator(_prefecture), Field(title="都道府県"), _documented(enum=list(PREFECTURES))
]
Email = Annotated[
    str, _of_text(_email), Field(title="メールアドレス", max_length=254), _documented(format="email")
]
Kana = Annotated[
    str, _of_text(_kana), Field(title="フリガナ", max_length=60), _documented(pattern="^[ァ-ヺー・]+$")
]
Line = Annotated[str, AfterValidator(_line), Field(max_length=200), _documented(pattern=_LINE_PATTERN)]
PersonName = Annotated[
    str,
    AfterValidator(_line),
    Field(title="氏名", min_length=1, max_length=60),
    _documented(pattern=_LINE_PATTERN),
]
Text = Annotated[str, AfterValidator(_text), Field(max_length=4000), _documented(pattern=_TEXT_PATTERN)]
JsonInt = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
"""An integer of a JSON body: a number, never text or true."""
JsonBool = Annotated[bool, Field(strict=True)]
"""true or false of a JSON body, never "yes" or 1."""
JsonDate = Annotated[date, BeforeValidator(_only_text)]
"""A date of a JSON body, as text (RFC 3339), never seconds since 1970."""
Yen = Annotated[int, BeforeValidator(_number), Field(ge=0, le=99_999_999)]
Count = Annotated[int, BeforeValidator(_number), Field(ge=1, le=9_999)]

_CHOICES = {"literal_error", "enum"}
_NOT_A_NUMBER = {
    "int_parsing",
    "int_type",
    "int_from_float",
    "int_parsing_size",
    "float_parsing",
    "float_type",
}
_DATES = {"date_parsing", "date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"}


def japanese_message(error: ErrorDetails, label: str, *, choice: bool = False) -> str:
    """What to do about one pydantic error, as a sentence about the field called `label`.

    `choice` words a missing value as something to select, not to type.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "japanese":
        return str(context["message"])
    if kind in ("missing", "string_type") or (kind == "string_too_short" and context.get("min_length") == 1):
        return f"{label}を{'選択' if choice else '入力'}してください"
    if kind in _CHOICES:
        return f"{label}は選択肢から選んでください"
    if kind in _NOT_A_NUMBER:
        return f"{label}は数字で入力してください"
    if kind in _DATES:
        return f"{label}は日付で入力してください"
    bounds = {
        "string_too_long": "{max_length}文字以内で入力してください",
        "string_too_short": "{min_length}文字以上で入力してください",
        "too_short": "{min_length}件以上選んでください",
        "too_long": "{max_length}件以内にしてください",
        "greater_than_equal": "{ge}以上で入力してください",
        "less_than_equal": "{le}以下で入力してください",
        "greater_than": "{gt}より大きい数で入力してください",
        "less_than": "{lt}より小さい数で入力してください",
    }
    if kind in bounds:
        return f"{label}は{bounds[kind].format(**context)}"
    if kind == "value_error":
        return str(context.get("error", "")) or f"{label}を確認してください"
    if kind == "extra_forbidden":
        return f"{label}は受け付けていない項目です"
    return f"{label}を確認してください"


def is_choice(annotation: Any) -> bool:
    """Whether a value is chosen, not typed: a Literal, enum or bool, also inside a list or optional."""
    if get_origin(annotation) is Literal or annotation is bool:
        return True
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return True
    return any(is_choice(part) for part in get_args(annotation))
