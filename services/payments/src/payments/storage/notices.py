"""Notices of providers: stored as they came, once, then due until acted upon."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payments.method import Notice
from payments.storage.tables import notices
from shared.bulk import update_all
from shared.database import Tx
from shared.ids import new_id

NOTICE_WORK = "payment notices"


async def insert_notice(tx: Tx, method: str, notice: Notice, body: bytes, at: datetime) -> bool:
    """Store a notice; False if the provider had sent it before."""
    about_payment = notice.reference is not None
    stored = await tx.execute(
        "INSERT INTO notices (notice_key, method, notice_id, reference, summary, body, state, received_at, due_at)"
        " VALUES (:key, :method, :notice_id, :reference, :summary, :body, :state, :at, :due_at)"
        " ON CONFLICT DO NOTHING",
        key=new_id(),
        method=method,
        notice_id=notice.notice_id,
        reference=notice.reference,
        summary=notice.summary,
        body=body,
        state="new" if about_payment else "noted",
        at=at,
        due_at=at if about_payment else None,
    )
    if stored and about_payment:
        tx.wake(NOTICE_WORK)
    return bool(stored)


async def note_notices(tx: Tx, state: str, became: Sequence[tuple[UUID, UUID | None]]) -> None:
    """Record that notices, given with the payment they are about, are in ``state`` now."""
    rows = [
        {"notice_key": notice_key, "state": state, "payment_id": payment_id}
        for notice_key, payment_id in became
    ]
    await update_all(tx, notices, rows, key="notice_key")
