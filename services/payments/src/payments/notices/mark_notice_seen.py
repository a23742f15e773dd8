"""Staff mark a notice as seen that belongs to no payment, or that nobody understands."""

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
    """Remove a notice from the list of staff, and publish the deed for 操作の記録 (STF-03).

    ``deed`` has the person (shared.web.deeds), ``names`` the names of the methods. Raises Refused if it was marked
    before.
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
