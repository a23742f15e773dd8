"""Stores the requests of a payment, due immediately. :mod:`payments.requests` sends them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payments.payment.rules.drafting import NewRequest
from payments.payment.rules.moves import Operation
from payments.payment.tables import payment_requests
from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.ids import new_id

REQUEST_WORK = "payment requests"


_OPEN = "state IN ('pending', 'open', 'unknown')"
_UNDER_WAY = (
    "known.payment_id = new.payment_id AND known.operation = new.operation AND known.sequence = new.sequence"
    f" AND known.{_OPEN}"
)


async def insert_requests(
    tx: Tx, requests: Sequence[tuple[UUID, NewRequest]], at: datetime, *, awaited: bool
) -> None:
    """Store requests, due immediately. A request that exists already is not stored again.

    ``awaited``: the payment waits for the answer. If such a request already ended, no answer would ever come. The statement
    that stores it then raises UniqueViolationError.
    """
    rows = [
        {
            "request_id": new_id(),
            "payment_id": payment_id,
            "operation": request.operation,
            "sequence": request.sequence,
            "amount": request.amount,
            "written_at": at,
            "due_at": at,
            "caused_by": request.cause.event_id,
            "traceparent": request.cause.traceparent,
        }
        for payment_id, request in requests
    ]
    if awaited:
        await insert_all(tx, payment_requests, rows, unless=_UNDER_WAY)
    else:
        await insert_all(tx, payment_requests, rows, skip_known=True)


async def decline_requests(tx: Tx, payment_id: UUID, operations: Sequence[Operation], at: datetime) -> None:
    """End the open requests of these kinds as declined, even while a worker performs one. A later answer to it is
    ignored."""
    await tx.execute(
        "UPDATE payment_requests SET state = 'declined', answered_at = :at, due_at = NULL,"  # noqa: S608 - names are ours
        " leased_until = NULL, lease = NULL"
        f" WHERE payment_id = :payment_id AND operation = ANY(:operations) AND {_OPEN}",
        payment_id=payment_id,
        operations=list(operations),
        at=at,
    )


async def has_open_request(tx: Tx, payment_id: UUID, operation: Operation) -> bool:
    """Return whether a request of the same kind has no answer yet. The next one has to wait for it."""
    found = await tx.value(
        "SELECT 1 FROM payment_requests"  # noqa: S608 - names are ours
        " WHERE payment_id = :payment_id AND operation = :operation"
        f" AND {_OPEN} LIMIT 1",
        payment_id=payment_id,
        operation=operation,
    )
    return found is not None
