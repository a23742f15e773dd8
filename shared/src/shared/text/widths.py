"""Converts full-width ASCII, which a Japanese keyboard enters, to half width. Other characters are not changed.

Unicode's NFKC would also convert ① to 1 and ² to 2, which is not what people mean.
"""

_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}


def half_width(text: str) -> str:
    """Return ``text`` with full-width digits, letters, signs and blanks in half width, without blanks around it."""
    return text.translate(_HALF).strip()
