"""The address of the shop."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The address that browsers see; ``url`` has no slash at its end."""

    url: str
