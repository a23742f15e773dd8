"""The address of the shop, and the texts that its pages share."""

from dataclasses import dataclass

DISPATCH = "通常2〜3日で発送します"
"""The text about the shipping time, the same on every page."""


@dataclass(frozen=True)
class Origin:
    """The address that browsers see; ``url`` has no slash at its end."""

    url: str
