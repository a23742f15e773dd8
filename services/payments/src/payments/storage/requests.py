"""Requests to providers: rows that are due until they are answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from payments.domain.answers import Answer
from payments.domain.drafting import Ask
from payments.storage.answers import answer_as_json
from payments.storage.tables import payment_requests
from shared.database import Tx
from shared.ids import new_id

REQUEST_WORK = "payment requests"


async def insert_requests(tx: Tx, asks: Sequence[tuple[UUID, Ask]], at: datetime) -> None:
    """Write down requests, due at once. One that is already there stays the only one."""
    if not asks:
        return
    rows = [
        {
            "request_id": new_id(),
            "payment_id": payment_id,
            "operation": ask.operation,
            "amount": ask.amount,
            "written_at": at,
            "due_at": at,
        }
        for payment_id, ask in asks
    ]
    await tx.execute(insert(payment_requests).values(rows).on_conflict_do_nothing())


async def note_answer(tx: Tx, request_id: UUID, state: str, answer: Answer | None, at: datetime) -> None:
    """Record what became of a request."""
    await tx.execute(
        update(payment_requests)
        .where(payment_requests.c.request_id == request_id)
        .values(state=state, answer=answer_as_json(answer), answered_at=at)
    )
