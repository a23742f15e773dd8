"""The address of the shop, and the texts common to all its pages."""

from dataclasses import dataclass

DISPATCH = "通常2〜3日で発送します"
"""When goods leave, in the same words on every page."""


@dataclass(frozen=True)
class Origin:
    """The address that browsers see; ``url`` has no slash at its end."""

    url: str
