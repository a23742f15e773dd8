"""Runs one action for many orders. A refused order leaves nothing behind and does not stop the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from checkout.order_desk.note_order_deeds import note_order_deeds
from checkout.order_desk.rows import states_in_words
from checkout.orders.book import OrderBook, open_orders
from shared.database.transactions import Database
from shared.database.transient import is_transient
from shared.errors import Refused

log = structlog.get_logger()

ORDERS_MAX = 500
ORDERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """The result for one order: done, or refused with a code for programs and a sentence for people."""

    order_code: str
    ok: bool
    code: str
    text: str


async def for_each_order(
    db: Database,
    codes: Sequence[str],
    act: Callable[[OrderBook, str], None],
    *,
    done: str,
    action: str,
    done_by: Mapping[str, Any],
) -> list[OrderOutcome]:
    """Run ``act`` for every order.

    ``action`` names the action in the log. ``done`` is the sentence for a successful order, also in 操作の記録, with the
    person and the place of ``done_by``. Raises Refused if there are no orders or too many.
    """
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        raise Refused("nothing_selected", "注文を1件以上選んでください", status=422)
    if len(wanted) > ORDERS_MAX:
        raise Refused("too_many_orders", f"一度に処理できるのは{ORDERS_MAX}件までです", status=422)
    outcomes: list[OrderOutcome] = []
    for start in range(0, len(wanted), ORDERS_AT_ONCE):
        outcomes += await _act(db, wanted[start : start + ORDERS_AT_ONCE], act, done=done, done_by=done_by)
    for one in outcomes:
        log.info("desk.acted", action=action, order_code=one.order_code, outcome=one.code)
    return outcomes


async def _act(
    db: Database,
    codes: Sequence[str],
    act: Callable[[OrderBook, str], None],
    *,
    done: str,
    done_by: Mapping[str, Any],
) -> list[OrderOutcome]:
    outcomes: list[OrderOutcome] = []
    try:
        async with db.transaction() as tx:
            before = await states_in_words(tx, codes)
            async with open_orders(tx, codes) as book:
                for code in codes:
                    try:
                        with book.all_or_nothing():
                            act(book, code)
                        outcomes.append(OrderOutcome(code, True, "done", done))
                    except Refused as refused:
                        outcomes.append(OrderOutcome(code, False, refused.code, refused.message))
            await note_order_deeds(tx, before, [one.order_code for one in outcomes if one.ok], done, done_by)
    except Exception as error:
        if not is_transient(error):
            raise
        # The outcome of the commit is unknown. Outcomes of earlier batches must still be shown.
        text = "結果を確認できませんでした。受注詳細を開いて確認してください。"
        return [OrderOutcome(code, False, "unknown", text) for code in codes]
    return outcomes
