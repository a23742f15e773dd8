"""What buyers were told by mail."""

from collections.abc import Sequence
from datetime import datetime

from shared.database import Tx
from shared.sql import Row


async def mails_of_order(tx: Tx, code: str, *, at: datetime) -> Sequence[Row]:
    """Return what the buyer of an order was told or is being told, newest first; not what is still to wait.

    Too many mails to one address wait as mails only: here they are told at once.
    """
    return await tx.rows(
        "SELECT mail_id, mail, subject, text, typed, created_at, ended_at, state FROM mails"
        " WHERE order_code = :code AND audience = 'customer' AND state <> 'suppressed' AND (due_at IS NULL OR due_at <= :at"
        " OR first_tried_at IS NOT NULL OR reason IS NOT NULL) ORDER BY created_at DESC",
        code=code,
        at=at,
    )
