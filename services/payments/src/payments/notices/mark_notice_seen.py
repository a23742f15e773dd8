"""Staff have seen a notice that no payment, or nobody, understands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from payments.notices.rows import FOR_STAFF
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import PaymentDeedDone


async def mark_notice_seen(
    tx: Tx, notice_key: UUID, *, by: str, deed: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    """Take a notice off the list of staff, and say so for the record of deeds (STF-03).

    ``deed`` is who does it (shared.web.deeds), ``names`` what staff call the methods. Raises Refused if somebody did before.
    """
    seen = await tx.rows(
        "UPDATE notices SET state = 'seen', seen_by = :by WHERE notice_key = :key AND state = ANY(:states)"
        " RETURNING notice_id, method, (SELECT order_code FROM payments AS p WHERE p.payment_id = notices.payment_id)"
        " AS order_code",
        by=by,
        key=notice_key,
        states=list(FOR_STAFF),
    )
    if not seen:
        raise Refused("notice_seen_already", "この通知は、ほかのスタッフが確認済みです。")
    [notice] = seen
    subject = f"通知 {notice.notice_id}（{names.get(notice.method, notice.method)}）：確認済みにしました"
    tx.say(PaymentDeedDone(**deed, subject=subject, order_code=notice.order_code or ""))
