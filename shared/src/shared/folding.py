"""Texts as a search sees them: what people take for the same is the same, whoever typed it and however."""

import unicodedata

_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def fold(text: str) -> str:
    """Return ``text`` with nothing left that a search should mind.

    Full and half width, upper and lower case, katakana and hiragana become one; blanks, hyphens and all other
    signs go, so that 「佐藤　花子」 is 「佐藤花子」 and 03-1234-5678 is 0312345678. Only letters and digits remain.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA)
    return "".join(letter for letter in plain if letter.isalnum())


def like_part(text: str) -> str:
    """Return a pattern for LIKE that finds ``text`` anywhere, its wildcards taken as they stand."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"
