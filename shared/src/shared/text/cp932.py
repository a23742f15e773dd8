"""Characters that a file in CP932 (Windows' Shift_JIS, which carriers read) cannot contain, and their replacements.

The database keeps every spelling. Only such a file needs another one. A person checks the list of replacements before
the file is made.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

_FORMS: tuple[Literal["NFKC", "NFKD"], ...] = ("NFKC", "NFKD")

GETA = "〓"
"""The sign that printers use for a missing letter."""

# Letters of names that JIS X 0213 or Unicode added, each with the form that CP932 has.
_LETTERS = {
    "𠮷": "吉",
    "𡈽": "土",
    "𣘺": "橋",
    "𤭯": "瓶",
    "𠀋": "丈",
    "𡌛": "埃",
    "𣳾": "泰",
    "𦙾": "脛",
    "𩸽": "ホッケ",
    "𫝆": "今",
    "𬻿": "万",
    "𪧦": "寓",
    "㐂": "喜",
    "頰": "頬",
    "剝": "剥",
    "塡": "填",
    "𠮟": "叱",
    "俠": "侠",
    "嚙": "噛",
    "搔": "掻",
    "蟬": "蝉",
    "醬": "醤",
    "鷗": "鴎",
    "麴": "麹",
    "瘦": "痩",
    "繫": "繋",
    "屛": "屏",
    "幷": "并",
    "攢": "攅",
    "簞": "箪",
    "摑": "掴",
    "囊": "嚢",
    "禱": "祷",
    "萊": "莱",
    "顚": "顛",
    "驒": "騨",
    "髥": "髯",
}
_SIGNS = {
    "—": "―",
    "–": "-",
    "‑": "-",
    "¥": "￥",
    "·": "・",
    "•": "・",
    "゠": "＝",
    "ゔ": "ヴ",
    "‼": "！！",
    "\u00a0": " ",
}


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A character that CP932 lacks, its position, and a replacement ("" for nothing)."""

    character: str
    at: int
    suggestion: str


def unwritable(text: str) -> list[Unwritable]:
    """Return the characters of ``text`` that CP932 lacks, in order, each with a replacement."""
    return [Unwritable(sign, at, _suggestion(sign)) for at, sign in enumerate(text) if not _has(sign)]


def suggested(text: str) -> str:
    """Return ``text`` with all replacements, so that a CP932 file can contain it."""
    return "".join(sign if _has(sign) else _suggestion(sign) for sign in text)


def _has(sign: str) -> bool:
    try:
        sign.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _suggestion(sign: str) -> str:
    if known := _LETTERS.get(sign) or _SIGNS.get(sign):
        return known
    for form in _FORMS:
        # The `form` of é is e and an accent. A label needs only the letter.
        plain = "".join(part for part in unicodedata.normalize(form, sign) if not unicodedata.combining(part))
        if plain and plain != sign and all(map(_has, plain)):
            return plain
    return GETA if unicodedata.category(sign) in ("Lo", "Ll", "Lu", "Lm") else ""
