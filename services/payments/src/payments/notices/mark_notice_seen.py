"""Staff have seen a notice that no payment, or nobody, understands."""

from uuid import UUID

from payments.notices.rows import FOR_STAFF
from shared.database import Tx
from shared.errors import Refused


async def mark_notice_seen(tx: Tx, notice_key: UUID, *, by: str) -> None:
    """Take a notice off the list of staff. Raises Refused if somebody did before."""
    changed = await tx.execute(
        "UPDATE notices SET state = 'seen', seen_by = :by WHERE notice_key = :key AND state = ANY(:states)",
        by=by,
        key=notice_key,
        states=list(FOR_STAFF),
    )
    if not changed:
        raise Refused("notice_seen_already", "この通知は、ほかのスタッフが確認済みです。")
