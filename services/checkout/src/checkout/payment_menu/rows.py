"""The stored menu of payment methods. It allows orders while payments is down."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from checkout.payment_menu.rules import Menu, Method
from shared.database.transactions import Tx


async def read_menu(tx: Tx) -> Menu:
    """Return the last stored menu. It is empty before the first reading."""
    return menu_of(await tx.value("SELECT methods FROM method_menu WHERE menu_id = 1"))


def menu_of(methods: Sequence[object] | None) -> Menu:
    """Return the menu of a stored row. It is empty without a row."""
    return Menu(tuple(Method.model_validate(method) for method in methods or ()))


async def keep_menu(tx: Tx, methods: Sequence[Method], *, at: datetime) -> None:
    """Store the menu that payments just returned."""
    await tx.execute(
        "INSERT INTO method_menu (menu_id, methods, seen_at) VALUES (1, CAST(:methods AS jsonb), :at)"
        " ON CONFLICT (menu_id) DO UPDATE SET methods = excluded.methods, seen_at = excluded.seen_at",
        methods=orjson.dumps([method.as_kept() for method in methods]).decode(),
        at=at,
    )


async def ask_for_menu(tx: Tx, *, at: datetime) -> None:
    """Make reading the menu due now. The first call inserts the row; later readings follow automatically."""
    await tx.execute(
        "INSERT INTO method_menu (menu_id, due_at) VALUES (1, :at)"
        " ON CONFLICT (menu_id) DO UPDATE SET due_at = :at",
        at=at,
    )
