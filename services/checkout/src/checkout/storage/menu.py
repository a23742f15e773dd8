"""The menu of payment methods as payments last told it: orders are taken while payments is away."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from checkout.domain.methods import Menu, Method
from checkout.storage.shop_settings import ShopSettings
from shared.database import Tx


async def read_menu(tx: Tx) -> Menu:
    """Return the last menu seen; an empty one before the first."""
    return _menu(await tx.value("SELECT methods FROM method_menu WHERE menu_id = 1"))


async def read_rules(tx: Tx) -> tuple[ShopSettings, Menu]:
    """Return the settings in force and the last menu seen, both that an order is computed by, in one question."""
    row = await tx.row(
        "SELECT (SELECT json_object_agg(name, value) FROM shop_settings) AS settings,"
        " (SELECT methods FROM method_menu WHERE menu_id = 1) AS methods"
    )
    assert row is not None
    return ShopSettings.model_validate(row.settings or {}), _menu(row.methods)


def _menu(methods: Sequence[dict[str, Any]] | None) -> Menu:
    return Menu(tuple(Method.model_validate(method) for method in methods or ()))


async def keep_menu(tx: Tx, methods: Sequence[Method], *, at: datetime) -> None:
    """Keep the menu that payments just told."""
    await tx.execute(
        "INSERT INTO method_menu (menu_id, methods, seen_at) VALUES (1, CAST(:methods AS jsonb), :at)"
        " ON CONFLICT (menu_id) DO UPDATE SET methods = excluded.methods, seen_at = excluded.seen_at",
        methods=orjson.dumps([method.model_dump() for method in methods]).decode(),
        at=at,
    )


async def ask_for_menu(tx: Tx, *, at: datetime) -> None:
    """Let the menu be read now: at start, also to make the row. Later readings follow by themselves."""
    await tx.execute(
        "INSERT INTO method_menu (menu_id, due_at) VALUES (1, :at)"
        " ON CONFLICT (menu_id) DO UPDATE SET due_at = :at",
        at=at,
    )
