"""An address is proved by a link that was mailed there; registration points wait for it (MEM-38)."""

from datetime import datetime
from uuid import UUID

from members.domain.ledger import activate_posting
from members.storage.mail_requests import use_request, void_requests
from members.storage.members import set_email_verified
from members.storage.points import (
    grant_waiting_for_proof,
    lock_known_balance,
    record_posting,
    set_grant_active,
)
from shared.database import Tx
from shared.errors import Refused
from shared.events import PointsActivated
from shared.mail_links import MailLink


class LinkEnded(Refused):
    """The link was used, has ended, was replaced by a newer one, or went to another address."""

    def __init__(self) -> None:
        super().__init__(
            "link_ended",
            "このリンクは使用済みか、有効期限が切れています。お手数ですが、もう一度メールをお送りください。",
            status=410,
        )


async def prove_by_link(tx: Tx, link: MailLink, *, at: datetime) -> list[PointsActivated]:
    """Use a link up and note the address as proved; return what is to be said. Raises LinkEnded."""
    if not await use_request(tx, "email_verification", link, at=at):
        raise LinkEnded
    return await address_is_proved(tx, link.member_id, at=at)


async def address_is_proved(tx: Tx, member_id: UUID, *, at: datetime) -> list[PointsActivated]:
    """Note it and make the registration points valid that waited for it, once."""
    if not await set_email_verified(tx, member_id, at=at):
        return []
    await void_requests(tx, member_id, ["email_verification"], at=at)
    balance = await lock_known_balance(tx, member_id)
    grant = await grant_waiting_for_proof(tx, member_id)
    if grant is None:
        return []
    await record_posting(tx, balance, activate_posting(grant), at=at)
    await set_grant_active(tx, grant, at=at)
    return [PointsActivated(member_id=member_id, points=grant.points, order_code=grant.order_code)]
