"""The orders that a browser may show, as checkout signs them in the statement ``order``.

Placed and opened orders are separate. Anybody can send the link of an order, so the person who opens it may not have
placed it. An opened order counts only while the key of its page stays the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

PLACED_MAX = 12
OPENED_MAX = 12


@dataclass(frozen=True, slots=True)
class OrdersInBrowser:
    """Codes of orders, newest first: ``placed`` with this browser, or ``opened`` in it by a link or a look-up.

    An opened order is stored as its code and a mark of the key under which it was opened. Opened orders of the former
    release have no mark and are not shown.
    """

    placed: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any] | None) -> "OrdersInBrowser":
        """Return the orders of a statement. Without a statement, return no orders."""
        known = claims or {}
        # A statement of the former release does not separate them. All of its codes count as placed.
        return cls(placed=_codes(known.get("codes")), opened=_codes(known.get("opened")))

    def claims(self) -> dict[str, list[str]]:
        """Return the claims of the statement."""
        return {"codes": list(self.placed), "opened": list(self.opened)}

    def shows(self, code: str, key: str | None) -> bool:
        """Return whether the browser may show this order, whose page now has ``key`` (empty or None if it has none)."""
        return code in self.placed or bool(key and _mark(code, key) in self.opened)

    def with_placed(self, code: str) -> "OrdersInBrowser":
        """Return the orders with another placed order. It can replace only the oldest placed one."""
        placed = (code, *(one for one in self.placed if one != code))[:PLACED_MAX]
        return OrdersInBrowser(placed, _others(self.opened, code))

    def with_opened(self, code: str, key: str) -> "OrdersInBrowser":
        """Return the orders with another opened order, whose page now has ``key``.

        It can replace only the oldest opened one.
        """
        if code in self.placed:
            return self
        return replace(self, opened=(_mark(code, key), *_others(self.opened, code))[:OPENED_MAX])


def _mark(code: str, key: str) -> str:
    return f"{code} {sha256(key.encode()).hexdigest()[:16]}"


def _others(opened: tuple[str, ...], code: str) -> tuple[str, ...]:
    return tuple(one for one in opened if one.partition(" ")[0] != code)


def _codes(found: Any) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list) else ()
