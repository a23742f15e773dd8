"""Requests to providers: rows that are due until they are answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from payments.payment.rules.answers import Answer
from payments.payment.rules.drafting import Ask
from payments.payment.rules.moves import Operation
from payments.requests.answers import answer_as_json
from payments.tables import payment_requests
from shared.bulk import insert_all
from shared.cause import Cause
from shared.database import Tx
from shared.ids import new_id
from shared.sql import Row

REQUEST_WORK = "payment requests"
_END = """
    UPDATE payment_requests AS r
    SET state = e.state, answer = nullif(CAST(e.answer AS jsonb), 'null'), answered_at = :at,
        due_at = e.due_at, leased_until = NULL, lease = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:leases AS uuid[]), CAST(:states AS text[]), CAST(:answers AS text[]),
                CAST(:due AS timestamptz[])) AS e(request_id, lease, state, answer, due_at)
    WHERE r.request_id = ANY(CAST(:ids AS uuid[])) AND r.request_id = e.request_id AND r.lease = e.lease
    RETURNING r.request_id
"""


async def insert_requests(tx: Tx, asks: Sequence[tuple[UUID, Ask]], at: datetime) -> None:
    """Write down requests, due at once. One that is already there stays the only one."""
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


def cause_of(row: Row) -> Cause:
    """Return what a request follows from."""
    return Cause(row.caused_by, row.traceparent)


async def has_open_request(tx: Tx, payment_id: UUID, operation: Operation) -> bool:
    """Return whether a request of its kind is not answered yet: another one has to wait for that."""
    found = await tx.value(
        "SELECT 1 FROM payment_requests WHERE payment_id = :payment_id AND operation = :operation"
        " AND state IN ('pending', 'open', 'unknown') LIMIT 1",
        payment_id=payment_id,
        operation=operation,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a request claimed under ``lease``: its ``state`` now, the answer, when it is due again."""

    request_id: UUID
    lease: UUID
    state: str
    answer: Answer | None
    due_at: datetime | None


async def end_requests(tx: Tx, ended: Sequence[Ended], at: datetime) -> set[UUID]:
    """Record what became of requests and end the claims on them; return those that were still ours.

    Write nothing that depends on any other. The rows stay locked until the commit.
    """
    ours = await tx.rows(
        _END,
        ids=[one.request_id for one in ended],
        leases=[one.lease for one in ended],
        states=[one.state for one in ended],
        answers=[orjson.dumps(answer_as_json(one.answer)).decode() for one in ended],
        due=[one.due_at for one in ended],
        at=at,
    )
    return {row.request_id for row in ours}
