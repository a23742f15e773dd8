"""The menu of payment methods as payments last told it: orders are taken while payments is away."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from checkout.payment_menu.rules import Menu, Method
from shared.database.transactions import Tx


async def read_menu(tx: Tx) -> Menu:
    """Return the last menu seen; an empty one before the first."""
    return menu_of(await tx.value("SELECT methods FROM method_menu WHERE menu_id = 1"))


def menu_of(methods: Sequence[object] | None) -> Menu:
    """Return the menu of a stored row; an empty one without a row."""
    return Menu(tuple(Method.model_validate(method) for method in methods or ()))


async def keep_menu(tx: Tx, methods: Sequence[Method], *, at: datetime) -> None:
    """Keep the menu that payments just told."""
    await tx.execute(
        "INSERT INTO method_menu (menu_id, methods, seen_at) VALUES (1, CAST(:methods AS jsonb), :at)"
        " ON CONFLICT (menu_id) DO UPDATE SET methods = excluded.methods, seen_at = excluded.seen_at",
        methods=orjson.dumps([method.as_kept() for method in methods]).decode(),
        at=at,
    )


async def ask_for_menu(tx: Tx, *, at: datetime) -> None:
    """Let the menu be read now: at start, also to make the row. Later readings follow by themselves."""
    await tx.execute(
        "INSERT INTO method_menu (menu_id, due_at) VALUES (1, :at)"
        " ON CONFLICT (menu_id) DO UPDATE SET due_at = :at",
        at=at,
    )
