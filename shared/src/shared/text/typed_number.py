"""Numbers that people type are read exactly or refused as unclear. They are never guessed.

A person who types `5,80` may mean 5.80, 580, or 5,800. Read as 580, it could reduce a price to a tenth.
"""

import re

from shared.text.widths import half_width

_NUMBER = re.compile(r"[-−]?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})")


class NumberUnclear(ValueError):
    """The text is no whole number, or could mean several numbers."""


def typed_number(text: str) -> int:
    """Return the whole number that was typed. Raises NumberUnclear.

    Taken: `5800`, `5,800`, `５，８００`, `¥5,800`, `5,800円`, `-500`. Unclear: `5,80`, `5.800`, `58,00`, `5 800`, `²`.
    """
    written = half_width(text)
    sign, rest = ("-", written[1:]) if written[:1] in ("-", "−") else ("", written)
    number = sign + rest.removeprefix("¥").removeprefix("\\").removesuffix("円").strip()
    if not _NUMBER.fullmatch(number):
        raise NumberUnclear(text)
    return int(number.replace(",", "").replace("−", "-"))
