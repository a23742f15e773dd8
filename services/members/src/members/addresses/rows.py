"""Requested links. Each can be used once, until it expires or a newer one replaces it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.rows import email_key
from shared.database.transactions import Tx
from shared.ids import new_id
from shared.shop.mail_links import LinkPurpose, MailLink


async def open_request(
    tx: Tx, member_id: UUID, email: str, purpose: LinkPurpose, *, at: datetime, valid_for: timedelta
) -> MailLink:
    """Store a request in place of the earlier one. Return the content of its link."""
    # Concurrent requests of one member wait here for each other.
    await tx.execute("SELECT 1 FROM members WHERE member_id = :id FOR NO KEY UPDATE", id=member_id)
    await void_requests(tx, member_id, [purpose], at=at)
    link = MailLink(new_id(), member_id, email, at + valid_for)
    await tx.execute(
        "INSERT INTO mail_requests (request_id, member_id, purpose, email, asked_at, expires_at)"
        " VALUES (:request_id, :member_id, :purpose, :email, :at, :expires_at)",
        request_id=link.request_id,
        member_id=member_id,
        purpose=purpose,
        email=email,
        at=at,
        expires_at=link.expires_at,
    )
    return link


async def void_requests(tx: Tx, member_id: UUID, purposes: Collection[LinkPurpose], *, at: datetime) -> None:
    """Make the open links of a member invalid."""
    await tx.execute(
        "UPDATE mail_requests SET void_at = :at WHERE member_id = :member_id"
        " AND used_at IS NULL AND void_at IS NULL AND purpose = ANY(CAST(:purposes AS text[]))",
        member_id=member_id,
        purposes=list(purposes),
        at=at,
    )


async def is_request_valid(tx: Tx, purpose: LinkPurpose, link: MailLink, *, at: datetime) -> bool:
    """Return whether a link would be accepted now."""
    found = await tx.value(
        "SELECT 1 FROM mail_requests r JOIN members m USING (member_id)"
        " WHERE r.request_id = :request_id AND r.purpose = :purpose AND r.member_id = :member_id"
        " AND r.email = :email AND m.email_key = :email_key"
        " AND r.used_at IS NULL AND r.void_at IS NULL AND r.expires_at > :at",
        **_values(purpose, link, at),
    )
    return found is not None


async def use_request(tx: Tx, purpose: LinkPurpose, link: MailLink, *, at: datetime) -> bool:
    """Use up a link.

    Returns False if it was used, has expired, or went to an address that is no longer the member's.
    """
    used = await tx.execute(
        "UPDATE mail_requests r SET used_at = :at FROM members m WHERE m.member_id = r.member_id"
        " AND r.request_id = :request_id AND r.purpose = :purpose AND r.member_id = :member_id"
        " AND r.email = :email AND m.email_key = :email_key"
        " AND r.used_at IS NULL AND r.void_at IS NULL AND r.expires_at > :at",
        **_values(purpose, link, at),
    )
    return used == 1


def _values(purpose: LinkPurpose, link: MailLink, at: datetime) -> dict[str, object]:
    return {
        "request_id": link.request_id,
        "member_id": link.member_id,
        "purpose": purpose,
        "email": link.email,
        "email_key": email_key(link.email),
        "at": at,
    }
