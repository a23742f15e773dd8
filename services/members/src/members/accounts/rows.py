"""Stored members, found by id, by address or by Amazon account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.accounts.tables import members
from shared.database.bulk import insert_all
from shared.database.sql import columns_of
from shared.database.transactions import Tx

Via = Literal["form", "amazon", "order", "desk"]
"""The way by which somebody became a member."""


@dataclass(frozen=True, slots=True)
class Account:
    """A row of the table of members. ``email_key`` is the form of the address for comparisons.

    ``password_hash`` is None if there never was a password. ``email_verified_at`` is None until the address is proved.
    ``sessions_ended_at`` is when logins were last ended from elsewhere. ``amazon_login_after`` is when any login was
    last ended: an earlier Amazon login opens no session.
    """

    member_id: UUID
    name: str
    kana: str
    email: str
    email_key: str
    phone: str
    postal_code: str
    prefecture: str
    address1: str
    address2: str
    newsletter: bool
    password_hash: str | None
    registered_at: datetime
    registered_via: Via
    order_code: str | None
    email_verified_at: datetime | None
    sessions_ended_at: datetime | None
    amazon_login_after: datetime | None


@dataclass(frozen=True, slots=True)
class Member(Account):
    """A member with the linked Amazon account and the role at the desk, if any. A disabled role is none."""

    buyer_id: str | None
    linked_at: datetime | None
    staff_role: str | None


_MEMBER = (
    f"SELECT {columns_of(Account, 'm')}, l.buyer_id, l.linked_at, s.role AS staff_role FROM members m"  # noqa: S608
    " LEFT JOIN amazon_links l USING (member_id) LEFT JOIN staff s ON s.member_id = m.member_id AND s.disabled_at IS NULL"
)


def email_key(email: str) -> str:
    """Return the form in which addresses are compared. It ignores upper and lower case (A1)."""
    return email.strip().lower()


async def member_by_id(tx: Tx, member_id: UUID) -> Member | None:
    """Return a member with Amazon link and staff role."""
    return await tx.read_one(Member, f"{_MEMBER} WHERE m.member_id = :member_id", member_id=member_id)


async def member_by_email(tx: Tx, email: str) -> Member | None:
    """Return the member with this address."""
    return await tx.read_one(Member, f"{_MEMBER} WHERE m.email_key = :key", key=email_key(email))


async def member_by_buyer(tx: Tx, buyer_id: str) -> Member | None:
    """Return the member who is linked with this Amazon account."""
    return await tx.read_one(Member, f"{_MEMBER} WHERE l.buyer_id = :buyer_id", buyer_id=buyer_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A new row of the table of members. The fields are those of :class:`Account`."""

    member_id: UUID
    name: str
    email: str
    email_key: str
    registered_at: datetime
    registered_via: Via
    kana: str = ""
    phone: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""
    newsletter: bool = False
    password_hash: str | None = None
    order_code: str | None = None
    email_verified_at: datetime | None = None


async def insert_member(tx: Tx, account: NewAccount) -> bool:
    """Store a new member. Returns False if the address (or the id) already belongs to a member."""
    return bool(await insert_all(tx, members, [account], skip_known=True, returning="member_id"))


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A member's name and address, when the address was proved, and when all logins were last ended."""

    member_id: UUID
    name: str
    email: str
    email_verified_at: datetime | None
    sessions_ended_at: datetime | None


async def known_members(tx: Tx, member_ids: Collection[UUID]) -> dict[UUID, KnownMember]:
    """Return the members among ``member_ids``, by id."""
    if not member_ids:
        return {}
    found = await tx.read(
        KnownMember,
        "SELECT member_id, name, email, email_verified_at, sessions_ended_at FROM members"
        " WHERE member_id = ANY(CAST(:ids AS uuid[]))",
        ids=list(member_ids),
    )
    return {member.member_id: member for member in found}


async def lock_member(tx: Tx, member: Member) -> bool:
    """Lock a member that was read before.

    Returns False if all logins were ended since; earlier checks are then void.
    """
    locked = await tx.value(
        "SELECT 1 FROM members WHERE member_id = :member_id"
        " AND sessions_ended_at IS NOT DISTINCT FROM CAST(:ended_at AS timestamptz) FOR NO KEY UPDATE",
        member_id=member.member_id,
        ended_at=member.sessions_ended_at,
    )
    return locked is not None


async def set_password(tx: Tx, member_id: UUID, password_hash: str, *, at: datetime) -> None:
    """Set a member's password and add it to the history (MEM-22)."""
    await tx.execute(
        "UPDATE members SET password_hash = :password_hash WHERE member_id = :member_id",
        member_id=member_id,
        password_hash=password_hash,
    )
    await keep_password(tx, member_id, password_hash, at=at)


async def renew_hash(tx: Tx, member_id: UUID, password_hash: str, renewed: str) -> None:
    """Store a newer hash of the same password, unless another password was set meanwhile."""
    await tx.execute(
        "UPDATE members SET password_hash = :renewed"
        " WHERE member_id = :member_id AND password_hash = :password_hash",
        renewed=renewed,
        member_id=member_id,
        password_hash=password_hash,
    )


async def keep_password(tx: Tx, member_id: UUID, password_hash: str, *, at: datetime) -> None:
    """Add a password to a member's history."""
    await tx.execute(
        "INSERT INTO past_passwords (member_id, set_at, password_hash) VALUES (:member_id, :at, :password_hash)",
        member_id=member_id,
        password_hash=password_hash,
        at=at,
    )


async def past_password_hashes(tx: Tx, member_id: UUID) -> list[str]:
    """Return the hashes of all passwords of the account, the present one last."""
    rows = await tx.rows(
        "SELECT password_hash FROM past_passwords WHERE member_id = :member_id ORDER BY set_at",
        member_id=member_id,
    )
    return [row.password_hash for row in rows]


async def set_email_verified(tx: Tx, member_id: UUID, *, at: datetime) -> bool:
    """Store that the address is proved. Returns False if it was proved before."""
    changed = await tx.execute(
        "UPDATE members SET email_verified_at = :at WHERE member_id = :member_id AND email_verified_at IS NULL",
        member_id=member_id,
        at=at,
    )
    return changed == 1


async def set_sessions_ended(tx: Tx, member_id: UUID, *, at: datetime) -> None:
    """Store when logins of a member were ended from elsewhere. Earlier checks and Amazon logins are void."""
    await tx.execute(
        "UPDATE members SET sessions_ended_at = :at, amazon_login_after = :at WHERE member_id = :member_id",
        member_id=member_id,
        at=at,
    )


async def set_logged_out(tx: Tx, member_id: UUID, *, at: datetime) -> None:
    """Note that a member logged out. Earlier Amazon logins then open no session."""
    await tx.execute(
        "UPDATE members SET amazon_login_after = :at WHERE member_id = :member_id",
        member_id=member_id,
        at=at,
    )
