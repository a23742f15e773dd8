"""Records what staff did to orders for 操作の記録: each order with its states before and after the deed (STF-03)."""

from collections.abc import Mapping, Sequence
from typing import Any

from checkout.order_desk.rows import states_in_words
from shared.database.transactions import Tx
from shared.events import OrderDeedDone


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
