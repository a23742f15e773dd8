"""Records what staff did to orders for 操作の記録: each order with its states before and after the deed (STF-03)."""

from collections.abc import Mapping, Sequence
from typing import Any

from checkout.order_desk.labels import badges
from checkout.orders.stored_order import read_orders
from shared.database.transactions import Tx
from shared.events import OrderDeedDone


async def states_in_words(tx: Tx, codes: Sequence[str]) -> dict[str, str]:
    """Return the states of the orders as staff read them: status, deposit and shipping."""
    known = await read_orders(tx, codes)
    return {
        code: "・".join(badges(order)[name][0] for name in ("status", "deposit", "shipping"))
        for code, order in known.items()
    }


async def note_order_deeds(
    tx: Tx, before: Mapping[str, str], codes: Sequence[str], said: str, done_by: Mapping[str, Any]
) -> None:
    """Publish one deed for each order of ``codes``.

    ``before`` are the states before the deed, ``said`` is what was done, and ``done_by`` has the person and the place
    (:func:`shared.web.deeds.done_by`).
    """
    after = await states_in_words(tx, codes)
    for code in codes:
        tx.say(
            OrderDeedDone(
                **done_by,
                subject=said,
                order_code=code,
                before=before.get(code, ""),
                after=after.get(code, ""),
            )
        )
