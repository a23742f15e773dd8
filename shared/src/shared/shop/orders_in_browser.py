"""The orders that a browser may see, as checkout vouches for them in the statement ``order``.

Placed and opened are apart: anybody can send somebody the link of an order, and who opens it has not placed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

PLACED_MAX = 12
OPENED_MAX = 12


@dataclass(frozen=True, slots=True)
class OrdersInBrowser:
    """Codes of orders ``placed`` with this browser, and of others ``opened`` in it by a link or a look-up; newest first."""

    placed: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any] | None) -> "OrdersInBrowser":
        """Return what a statement vouches for; nothing without one."""
        known = claims or {}
        # A statement of the former release tells no difference: all of its codes count as placed.
        return cls(placed=_codes(known.get("codes")), opened=_codes(known.get("opened")))

    def claims(self) -> dict[str, list[str]]:
        """Return what the statement says."""
        return {"codes": list(self.placed), "opened": list(self.opened)}

    def shows(self, code: str) -> bool:
        """Tell whether the browser may see this order."""
        return code in self.placed or code in self.opened

    def with_placed(self, code: str) -> "OrdersInBrowser":
        """Return them with an order that was placed; it pushes out the oldest of those placed."""
        placed = (code, *(one for one in self.placed if one != code))[:PLACED_MAX]
        return OrdersInBrowser(placed, tuple(one for one in self.opened if one != code))

    def with_opened(self, code: str) -> "OrdersInBrowser":
        """Return them with an order that was opened; it pushes out none but the oldest of those opened."""
        if code in self.placed:
            return self
        opened = (code, *(one for one in self.opened if one != code))[:OPENED_MAX]
        return replace(self, opened=opened)


def _codes(found: Any) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list) else ()
