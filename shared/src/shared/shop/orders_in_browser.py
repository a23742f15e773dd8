"""The orders that a browser may show, as checkout signs them in the statement ``order``.

Placed and opened orders are separate. Anybody can send the link of an order, so the person who opens it may not have
placed it.
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
        """Return the orders of a statement. Return none without one."""
        known = claims or {}
        # A statement of the former release tells no difference: all of its codes count as placed.
        return cls(placed=_codes(known.get("codes")), opened=_codes(known.get("opened")))

    def claims(self) -> dict[str, list[str]]:
        """Return the claims of the statement."""
        return {"codes": list(self.placed), "opened": list(self.opened)}

    def shows(self, code: str) -> bool:
        """Return whether the browser may show this order."""
        return code in self.placed or code in self.opened

    def with_placed(self, code: str) -> "OrdersInBrowser":
        """Return the orders with one more placed order. It replaces only the oldest placed one."""
        placed = (code, *(one for one in self.placed if one != code))[:PLACED_MAX]
        return OrdersInBrowser(placed, tuple(one for one in self.opened if one != code))

    def with_opened(self, code: str) -> "OrdersInBrowser":
        """Return the orders with one more opened order. It replaces only the oldest opened one."""
        if code in self.placed:
            return self
        opened = (code, *(one for one in self.opened if one != code))[:OPENED_MAX]
        return replace(self, opened=opened)


def _codes(found: Any) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list) else ()
