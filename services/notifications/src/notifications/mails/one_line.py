"""Makes typed text unable to start a line or a header of a mail."""

import re
from typing import Any

from pydantic import BaseModel

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0\ufdd1]+")
_UNSAFE = re.compile(rf"{_CONTROL.pattern}|=\?")
# The same in JSON text, which writes the first 32 characters with a backslash and a letter.
_UNSAFE_IN_JSON = re.compile(r"\\[bfnrtu]|[\x7f-\x9f\u2028\u2029\ufdd0\ufdd1]|=\?")


def in_one_line(value: Any) -> Any:
    """Return ``value``, and all text in it, without characters that could start a line or a header.

    ``=?`` opens an encoded word (RFC 2047), and a name with one could add headers (CVE-2024-6923). A clean value, as
    most are, is returned itself and not as a copy.
    """
    if isinstance(value, BaseModel) and _is_clean_json(value.model_dump_json()):
        return value
    match value:
        case str():
            return _CONTROL.sub(" ", value).replace("=?", "＝？") if _UNSAFE.search(value) else value
        case BaseModel():
            cleaned = ((name, part, in_one_line(part)) for name, part in value)
            changed = {name: clean for name, part, clean in cleaned if clean is not part}
            return value.model_copy(update=changed) if changed else value
        case tuple():
            parts = tuple(in_one_line(part) for part in value)
            return (
                parts if any(clean is not part for clean, part in zip(parts, value, strict=True)) else value
            )
        case dict():
            return {in_one_line(name): in_one_line(part) for name, part in value.items()} if value else value
        case _:
            return value


def _is_clean_json(text: str) -> bool:
    """Return whether the JSON ``text`` needs no change. The common case is fast: all characters are printable."""
    plain = text.isprintable() and "\\" not in text and "=?" not in text
    return plain or not _UNSAFE_IN_JSON.search(text)
