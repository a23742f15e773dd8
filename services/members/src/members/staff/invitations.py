"""Stored invitations of staff. Each can be used once, until it expires or a newer one to the address replaces it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.accounts.rows import email_key
from shared.database.transactions import Tx
from shared.shop.mail_links import MailLink


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation: the person, the role that the link gives, who invited, and until when."""

    request_id: UUID
    member_id: UUID
    name: str
    email: str
    role: str
    invited_by: str
    invited_at: datetime
    expires_at: datetime


_COLUMNS = "request_id, member_id, name, email, role, invited_by, invited_at, expires_at"
_OPEN = "used_at IS NULL AND void_at IS NULL"
# An invitation makes somebody staff who is not: it never changes a role, and never enables a disabled person.
_USABLE = (
    f"{_OPEN} AND expires_at > :at AND NOT EXISTS (SELECT 1 FROM staff s JOIN members m USING (member_id)"  # noqa: S608
    " WHERE m.email_key = staff_invitations.email_key OR s.member_id = staff_invitations.member_id)"
)


async def insert_invitation(tx: Tx, invitation: Invitation) -> None:
    """Store an invitation in place of an earlier one to the same address. The caller holds the lock of staff."""
    key = email_key(invitation.email)
    await tx.execute(
        f"UPDATE staff_invitations SET void_at = :at WHERE email_key = :key AND {_OPEN}",  # noqa: S608
        at=invitation.invited_at,
        key=key,
    )
    await tx.execute(
        f"INSERT INTO staff_invitations ({_COLUMNS}, email_key) VALUES (:request_id, :member_id, :name, :email,"  # noqa: S608
        " :role, :invited_by, :invited_at, :expires_at, :key)",
        request_id=invitation.request_id,
        member_id=invitation.member_id,
        name=invitation.name,
        email=invitation.email,
        role=invitation.role,
        invited_by=invitation.invited_by,
        invited_at=invitation.invited_at,
        expires_at=invitation.expires_at,
        key=key,
    )


async def open_invitations(tx: Tx) -> list[Invitation]:
    """Return the invitations that nobody has used or withdrawn, newest first. Some may have expired."""
    return await tx.read(
        Invitation,
        f"SELECT {_COLUMNS} FROM staff_invitations WHERE {_OPEN} ORDER BY invited_at DESC, request_id",  # noqa: S608
    )


async def invitation_of(tx: Tx, link: MailLink, *, at: datetime) -> Invitation | None:
    """Return the invitation of a link that would be accepted now."""
    return await tx.read_one(
        Invitation,
        f"SELECT {_COLUMNS} FROM staff_invitations WHERE request_id = :request_id AND email = :email"  # noqa: S608
        f" AND {_USABLE}",
        request_id=link.request_id,
        email=link.email,
        at=at,
    )


async def use_invitation(tx: Tx, request_id: UUID, *, at: datetime) -> bool:
    """Use up an invitation. Returns False if it was used or withdrawn, has expired, or its person is staff.

    The caller holds the lock of staff.
    """
    used = await tx.execute(
        f"UPDATE staff_invitations SET used_at = :at WHERE request_id = :request_id AND {_USABLE}",  # noqa: S608
        request_id=request_id,
        at=at,
    )
    return used == 1


async def end_invitations_to(tx: Tx, member_id: UUID, *, at: datetime) -> None:
    """Make the open invitations of a member invalid, by the account and by its address."""
    await tx.execute(
        f"UPDATE staff_invitations SET void_at = :at WHERE {_OPEN} AND (member_id = :member_id"  # noqa: S608
        " OR email_key = (SELECT email_key FROM members WHERE member_id = :member_id))",
        member_id=member_id,
        at=at,
    )


async def end_invitation(tx: Tx, request_id: UUID, *, at: datetime) -> Invitation | None:
    """Make an invitation invalid and return it. Return None if it was used or withdrawn before."""
    return await tx.read_one(
        Invitation,
        f"UPDATE staff_invitations SET void_at = :at WHERE request_id = :request_id AND {_OPEN} RETURNING {_COLUMNS}",  # noqa: S608
        request_id=request_id,
        at=at,
    )
