"""Proves an address by a mailed link. Registration points wait for the proof (MEM-38).

Anybody can sign up with another person's address. The first proof therefore ends everything older that is not the
prover's: logins, known browsers, open links of mails and the Amazon link.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.accounts.rows import set_email_verified
from members.addresses.rows import use_request, void_requests
from members.points.mailboxes import note_mailbox
from members.points.rows import (
    grant_waiting_for_proof,
    lock_known_balance,
    record_posting,
    set_grant_active,
    set_grant_revoked,
)
from members.points.rules import activate_posting, revoke_posting
from members.sessions.attempts import hashed
from members.sessions.end_sessions import end_all_sessions
from members.sessions.enter import Browser
from members.sessions.rows import forget_devices, way_of
from members.wallets.rows import end_link
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import PointsActivated
from shared.shop.mail_links import MailLink


class LinkEnded(Refused):
    """The link was used, has expired, was replaced by a newer one, or went to another address."""

    def __init__(self) -> None:
        super().__init__(
            "link_ended",
            "このリンクは使用済みか、有効期限が切れています。お手数ですが、もう一度メールをお送りください。",
            status=410,
        )


@dataclass(frozen=True)
class Prover:
    """The parts of the account that belong to the prover: the session, and the browser where the member is logged in.

    ``amazon`` means that the session began with the Amazon link, which then belongs to the prover too. A prover with
    only the mail has none of these.
    """

    session_id: UUID | None = None
    device_hash: str = ""
    amazon: bool = False


BY_MAIL_ALONE = Prover()


async def prover_of(tx: Tx, browser: Browser, *, by_amazon: bool = False, at: datetime) -> Prover | None:
    """Return what belongs to the member who is logged in with this browser. Return None if that session has ended."""
    if browser.session_id is None or browser.member_id is None:
        return None
    way = await way_of(tx, browser.session_id, browser.member_id, at=at)
    if way is None:
        return None
    device_hash = hashed(browser.device) if browser.device else ""
    return Prover(browser.session_id, device_hash, amazon=by_amazon or way == "amazon")


async def prove_by_link(tx: Tx, link: MailLink, by: Prover, *, at: datetime) -> int:
    """Use up a link and store that the address is proved. Return the number of activated points. Raises LinkEnded."""
    if not await use_request(tx, "email_verification", link, at=at):
        raise LinkEnded
    return await address_is_proved(tx, link.member_id, by, at=at)


async def address_is_proved(tx: Tx, member_id: UUID, by: Prover, *, at: datetime) -> int:
    """Store the first proof, end everything older, and activate the registration points that waited for it.

    Returns the number of activated points. A mailbox that already had its points, perhaps with another ``+tag``, gets
    no more; the waiting points are revoked.

    A member who is logged in keeps the password. Everybody else must set a new one together with the proof.
    """
    if not await set_email_verified(tx, member_id, at=at):
        return 0
    await void_requests(tx, member_id, ["email_verification", "password_reset"], at=at)
    await end_all_sessions(tx, member_id, at=at, but=by.session_id)
    await forget_devices(tx, member_id, but=by.device_hash)
    points = await _activate(tx, member_id, at=at)
    if not by.amazon:
        await end_link(tx, member_id, at=at, reason="address_proved")
    return points


async def _activate(tx: Tx, member_id: UUID, *, at: datetime) -> int:
    balance = await lock_known_balance(tx, member_id)
    grant = await grant_waiting_for_proof(tx, member_id)
    if grant is None:
        return 0
    if not await note_mailbox(tx, member_id, at=at):
        await record_posting(tx, balance, revoke_posting(balance, grant), at=at)
        await set_grant_revoked(tx, grant)
        return 0
    await record_posting(tx, balance, activate_posting(grant), at=at)
    await set_grant_active(tx, grant, at=at)
    tx.say(PointsActivated(member_id=member_id, points=grant.points, order_code=grant.order_code))
    return grant.points
