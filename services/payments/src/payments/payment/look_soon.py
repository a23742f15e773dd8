"""Makes the next look at a payment and its open requests due earlier than planned."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payments.payment.new_requests import REQUEST_WORK
from shared.clock import now
from shared.database.transactions import Tx

WATCH_WORK = "payments due"


async def look_soon(
    tx: Tx, payment_ids: Sequence[UUID], *, also_unwatched: bool = False, at: datetime | None = None
) -> bool:
    """Make payments and their open requests due now, or ``at`` a moment, if that is earlier than planned.

    ``also_unwatched``: payments without a planned look-up get one, too. Return False if everything was due already.
    """
    due = "(due_at > :at OR due_at IS NULL)" if also_unwatched else "due_at > :at"
    hastened = await _hasten(tx, "payments", WATCH_WORK, payment_ids, due, at or now())
    return await ask_soon(tx, payment_ids, at=at) or hastened


async def ask_soon(tx: Tx, payment_ids: Sequence[UUID], *, at: datetime | None = None) -> bool:
    """Make open requests of payments due now, or ``at`` a moment, if that is earlier than planned.

    Return False if all of them were due already.
    """
    return await _hasten(tx, "payment_requests", REQUEST_WORK, payment_ids, "due_at > :at", at or now())


async def _hasten(tx: Tx, table: str, work: str, payment_ids: Sequence[UUID], due: str, at: datetime) -> bool:
    if not payment_ids:
        return False
    hastened = await tx.execute(
        f"UPDATE {table} SET due_at = :at"  # noqa: S608 - names and conditions are ours
        f" WHERE payment_id = ANY(CAST(:payment_ids AS uuid[])) AND {due}",
        payment_ids=payment_ids,
        at=at,
    )
    tx.wake(work)
    return hastened > 0
