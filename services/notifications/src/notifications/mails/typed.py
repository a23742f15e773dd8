"""Keeps typed text in a mail plain: none of its characters is read as a sign of the format or becomes a link.

During rendering, two noncharacters enclose each text of the event. The finished text does not contain them; the
positions of the enclosed texts are stored with it (``Span``). Code that converts the text first shields those
positions. Shielding replaces each character there by one of a private plane. No rule about ``■``, ``【``, a blank line
or an address can then match it. The original character returns when the text is shown.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from types import NoneType
from typing import Any, NewType
from uuid import UUID

from pydantic import BaseModel

from shared.text.mail_address import is_mailable
from shared.text.plain_text import unhidden

Span = tuple[int, int]
"""Begin and end of a typed text within the text of a mail, in characters."""
Shielded = NewType("Shielded", str)
"""The text of a mail in which no typed character can match a sign of the format."""

OURS = frozenset({"page_url"})
"""The fields of events whose text comes from Noren: addresses of its own pages."""

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_FENCES = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}|[{_OPEN}{_CLOSE}]")
# Words, and single hyphens or blanks between them, mean nothing in our format and to no mail program.
_WORDS = re.compile(r"\w+(?:[- \u3000]\w+)*")
_PLANE = 0xF0000
_RUN = re.compile(r"[\U000f0000-\U000fffff]+")
_LIKE_OURS = str.maketrans("■▼【】", "□▽［］")
# Almost every field of an event is one of these, and every mail is fenced.
_NO_TEXT = frozenset({int, bool, NoneType, datetime, date, UUID})
# Variation selectors choose the shape of the letter before. Mail programs still recognise an address around them.
_SHAPES = "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_DOT_OF_HOST = re.compile(rf"(?<=[\w{_SHAPES}])\.(?=[{_SHAPES}]*[^\W\d_])")
_NUMBERS_OF_HOST = re.compile(r"(?<![\d.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
# A time of day is no port.
_COLON_OF_PORT = re.compile(
    r"(?P<time>(?<![\w.-])[0-9]{1,2}:[0-9]{2}(?![\w:]))|(?<=[a-z0-9-]):(?=[0-9]{2,5}(?!\w))", re.IGNORECASE
)
# A mail address may contain these characters and then looks like a page: 「evil.example/x@example.jp」.
_SIGNS_OF_PAGE = re.compile(r"[/?]")


def fenced(value: Any) -> Any:
    """Return ``value`` with noncharacters around each typed text with more than words.

    Noren's own text remains unchanged.
    """
    if type(value) in _NO_TEXT:
        return value
    match value:
        case str():
            if _WORDS.fullmatch(value) or not value:
                return value
            return f"{_OPEN}{value.replace(_OPEN, '').replace(_CLOSE, '')}{_CLOSE}"
        case BaseModel():
            changed = {
                name: new
                for name, part in vars(value).items()
                if type(part) not in _NO_TEXT and name not in OURS and (new := fenced(part)) is not part
            }
            return value.model_copy(update=changed) if changed else value
        case tuple():
            fenced_parts = tuple(fenced(part) for part in value)
            same = all(new is old for new, old in zip(fenced_parts, value, strict=True))
            return value if same else fenced_parts
        case dict():
            return {name: fenced(part) for name, part in value.items()} if value else value
        case _:
            return value


def without_fences(text: str) -> tuple[str, tuple[Span, ...]]:
    """Return the finished text and the positions of the enclosed texts."""
    spans: list[Span] = []
    parts: list[str] = []
    length = last = 0
    for fence in _FENCES.finditer(text):
        typed = fence[1] or ""
        before = text[last : fence.start()]
        begin = length + len(before)
        parts += (before, typed)
        length, last = begin + len(typed), fence.end()
        if typed:
            spans.append((begin, length))
    return "".join([*parts, text[last:]]), tuple(spans)


def shield(text: str, typed: Sequence[Sequence[int]] | None) -> Shielded:
    """Return ``text`` with the characters at ``typed`` shielded. None means that the positions are unknown."""
    parts: list[str] = []
    last = 0
    for begin, end in typed or ():
        parts += (text[last:begin], "".join(map(_shielded, text[begin:end])))
        last = end
    return Shielded("".join([*parts, text[last:]]))


def shown(text: str, as_shown: Callable[[str], str]) -> str:
    """Return a part of a shielded text with the original typed text, each converted by ``as_shown``."""
    return _RUN.sub(lambda run: as_shown("".join(map(_back, run[0]))), text)


def in_plain_text(text: Shielded) -> str:
    """Return the mail's plain text. Typed characters that look like signs of the format become their outlines.

    In typed text that looks like a web address, dots and colons become full-width, so that mail programs make no link
    of it. Invisible characters are removed. A text that is a mail address as a whole remains one. The shop stores the
    text as it was typed, and staff read it so.
    """
    return shown(text, _harmless)


def _harmless(typed: str) -> str:
    outlined = unhidden(typed.translate(_LIKE_OURS))
    if is_mailable(outlined) and not _SIGNS_OF_PAGE.search(outlined):
        return outlined
    dotless = _NUMBERS_OF_HOST.sub(lambda found: found[0].replace(".", "．"), outlined)
    dotless = _DOT_OF_HOST.sub("．", dotless)
    portless = _COLON_OF_PORT.sub(lambda found: found["time"] or "：", dotless)
    return portless.replace("://", "：／／").replace("\\\\", "＼＼")


def _shielded(sign: str) -> str:
    if _RUN.match(sign):
        return chr(_PLANE + ord("〓"))
    return chr(_PLANE + ord(sign)) if ord(sign) < 0x10000 else sign


def _back(sign: str) -> str:
    return chr(ord(sign) - _PLANE)
