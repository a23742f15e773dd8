"""Stores the requests of a payment, due immediately. :mod:`payments.requests` sends them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payments.payment.rules.drafting import Ask
from payments.payment.rules.moves import Operation
from payments.payment.tables import payment_requests
from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.ids import new_id

REQUEST_WORK = "payment requests"


async def insert_requests(tx: Tx, asks: Sequence[tuple[UUID, Ask]], at: datetime) -> None:
    """Store requests, due immediately. A request that exists already is not stored again."""
    rows = [
        {
            "request_id": new_id(),
            "payment_id": payment_id,
            "operation": ask.operation,
            "sequence": ask.sequence,
            "amount": ask.amount,
            "written_at": at,
            "due_at": at,
            "caused_by": ask.cause.event_id,
            "traceparent": ask.cause.traceparent,
        }
        for payment_id, ask in asks
    ]
    await insert_all(tx, payment_requests, rows, skip_known=True)


async def has_open_request(tx: Tx, payment_id: UUID, operation: Operation) -> bool:
    """Return whether a request of the same kind has no answer yet. The next one has to wait for it."""
    found = await tx.value(
        "SELECT 1 FROM payment_requests WHERE payment_id = :payment_id AND operation = :operation"
        " AND state IN ('pending', 'open', 'unknown') LIMIT 1",
        payment_id=payment_id,
        operation=operation,
    )
    return found is not None
