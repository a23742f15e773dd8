"""Telephone numbers in any usual spelling, converted to the one stored form: 09012345678."""

import re

from shared.text.widths import half_width

LENGTH_MAX = 40
"""A longer text is no telephone number."""
_DRESSING = re.compile(
    r"[\s()./‐‑‒–—―−ーｰ-]"
)  # blanks, brackets, and the signs that a Japanese keyboard enters for a hyphen
# The country code with or without its plus, and with or without the zero that should not follow it.
_ABROAD = re.compile(r"^(?:\+|00|010)?810?(?=[1-9][0-9]{8,9}$)")
_KEPT = re.compile(r"0[0-9]{9,10}")


def phone_digits(text: str) -> str:
    """Return a Japanese number as ten or eleven digits that begin with 0. Return "" for other text."""
    if len(text) > LENGTH_MAX:
        return ""
    digits = _DRESSING.sub("", half_width(text))
    if not _KEPT.fullmatch(digits):
        digits = _ABROAD.sub("0", digits, count=1)
    return digits if _KEPT.fullmatch(digits) else ""
