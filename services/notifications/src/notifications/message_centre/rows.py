"""The mails of buyers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifications.mails.typed import Span
from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class ToldMail:
    """One mail to a buyer. For ``typed`` see :class:`notifications.mailing.rows.StoredMail`."""

    subject: str
    text: str
    typed: Sequence[Span] | None
    created_at: datetime
    ended_at: datetime | None


async def mails_of_order(tx: Tx, code: str, *, at: datetime) -> list[ToldMail]:
    """Return the mails to the buyer of an order, newest first. Mails that wait for a delay are left out.

    Mails that wait because of the limit of an address are included at once.
    """
    return await tx.read(
        ToldMail,
        "SELECT subject, text, typed, created_at, ended_at FROM mails"
        " WHERE order_code = :code AND audience = 'customer' AND state <> 'suppressed' AND (due_at IS NULL OR due_at <= :at"
        " OR first_tried_at IS NOT NULL OR reason IS NOT NULL) ORDER BY created_at DESC",
        code=code,
        at=at,
    )
