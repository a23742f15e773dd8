"""The code of an order: `N261122-2M7C-K8QX4WD3`.

It has a day and time in Japan, which sort and can be read out, then forty random bits against guessing. Crockford's
base 32 has no I, L, O or U, so that codes are not misheard on the telephone.
"""

import re
import secrets
from datetime import datetime

from shared.clock import in_japan

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TAIL_LENGTH = 8
ORDER_CODE = re.compile(rf"N\d{{6}}-[{_ALPHABET}]{{4}}-[{_ALPHABET}]{{{_TAIL_LENGTH}}}")


_PARTS = re.compile(rf"(N\d{{6}})([{_ALPHABET}]{{4}})([{_ALPHABET}]{{{_TAIL_LENGTH}}})")
_SIGNS = re.compile(r"[\s\-‐‑‒–—―−ー_]+")


def typed_code(text: str) -> str:
    """Return a code in its stored form, with any typed separators. Other text becomes capitals without signs.

    A 受付番号 loses its leading zeros, so that look-ups of one number count together.
    """
    plain = _SIGNS.sub("", text.upper())
    if plain.isdecimal():
        return plain.lstrip("0") or "0"
    parts = _PARTS.fullmatch(plain)
    return "-".join(parts.groups()) if parts else plain


def new_order_code(at: datetime) -> str:
    """Return a code for an order placed at ``at``. Codes sort by the second of placing."""
    local = in_japan(at)
    second = local.hour * 3600 + local.minute * 60 + local.second
    time = "".join(_ALPHABET[second >> shift & 31] for shift in (15, 10, 5, 0))
    chance = secrets.randbits(5 * _TAIL_LENGTH)
    tail = "".join(_ALPHABET[chance >> shift & 31] for shift in range(0, 5 * _TAIL_LENGTH, 5))
    return f"N{local:%y%m%d}-{time}-{tail}"
