"""The number as a bar code: Code 128, set C for pairs of digits and set B for an odd one (KON-36)."""

from dataclasses import dataclass

# Widths of bar, gap, bar, gap, bar, gap for the values 0 to 105 (ISO/IEC 15417, table 1).
_TABLE = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232
"""
_WIDTHS = _TABLE.split()
_STOP = "2331112"
_START_C, _TO_B = 105, 100


@dataclass(frozen=True)
class Bar:
    """A black bar at ``x`` and the white gap after it, in modules."""

    x: int
    width: int
    gap: int


def values(digits: str) -> list[int]:
    """Return the symbol values of ``digits`` with start and check value. Raises ValueError for other text."""
    if not digits.isascii() or not digits.isdecimal():
        raise ValueError("a bar code holds digits")
    even = digits[: len(digits) // 2 * 2]
    coded = [_START_C] + [int(even[at : at + 2]) for at in range(0, len(even), 2)]
    if len(digits) % 2:
        coded += [_TO_B, ord(digits[-1]) - 32]
    check = coded[0] + sum(place * value for place, value in enumerate(coded[1:], start=1))
    return [*coded, check % 103]


def bars(digits: str) -> list[Bar]:
    """Return the bars of ``digits`` from left to right, without quiet zones."""
    widths = "".join(_WIDTHS[value] for value in values(digits)) + _STOP
    drawn, x = [], 0
    for at in range(0, len(widths), 2):
        width = int(widths[at])
        gap = int(widths[at + 1]) if at + 1 < len(widths) else 0
        drawn.append(Bar(x, width, gap))
        x += width + gap
    return drawn
