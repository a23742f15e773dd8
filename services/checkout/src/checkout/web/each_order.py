"""One wish for many orders: each in a transaction of its own, so that one refusal stops no neighbour."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from shared.database import Database, Tx, is_transient
from shared.errors import Refused
from shared.events import Event

log = structlog.get_logger()

ORDERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order: done, or refused with a code for programs and a sentence for people."""

    order_code: str
    ok: bool
    code: str
    text: str


async def for_each_order(
    db: Database,
    codes: Sequence[str],
    act: Callable[[Tx, str], Awaitable[Sequence[Event]]],
    *,
    done: str,
    action: str,
) -> list[Outcome]:
    """Run ``act`` for every order and say the events it returns. Raises Refused if there are none or too many.

    ``action`` names the wish in the log, ``done`` is the sentence for an order where it succeeded.
    """
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        raise Refused("nothing_selected", "注文を1件以上選んでください", status=422)
    if len(wanted) > ORDERS_MAX:
        raise Refused("too_many_orders", f"一度に処理できるのは{ORDERS_MAX}件までです", status=422)
    outcomes = []
    for code in wanted:
        try:
            async with db.transaction() as tx:
                tx.say(*await act(tx, code))
            outcomes.append(Outcome(code, True, "done", done))
        except Refused as refused:
            outcomes.append(Outcome(code, False, refused.code, refused.message))
        except Exception as error:
            if not is_transient(error):
                raise
            # The commit may or may not have happened; what was done before must still be told.
            outcomes.append(
                Outcome(
                    code, False, "unknown", "結果を確認できませんでした。受注詳細を開いて確認してください。"
                )
            )
        log.info("desk.acted", action=action, order_code=code, outcome=outcomes[-1].code)
    return outcomes
