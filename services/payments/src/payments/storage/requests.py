"""Requests to providers: rows that are due until they are answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payments.domain.answers import Answer
from payments.domain.drafting import Ask
from payments.storage.answers import answer_as_json
from payments.storage.tables import payment_requests
from shared.bulk import insert_all, update_all
from shared.database import Tx
from shared.ids import new_id

REQUEST_WORK = "payment requests"


async def insert_requests(tx: Tx, asks: Sequence[tuple[UUID, Ask]], at: datetime) -> None:
    """Write down requests, due at once. One that is already there stays the only one."""
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
    await insert_all(tx, payment_requests, rows, skip_known=True)


async def note_answers(tx: Tx, answers: Sequence[tuple[UUID, str, Answer | None]], at: datetime) -> None:
    """Record what became of requests, given as (request, its state now, the answer)."""
    rows = [
        {"request_id": request_id, "state": state, "answer": answer_as_json(answer), "answered_at": at}
        for request_id, state, answer in answers
    ]
    await update_all(tx, payment_requests, rows, key=["request_id"])
