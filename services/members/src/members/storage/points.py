"""The points ledger on disk: every change locks the member's balance, adds a posting and moves the balance."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from members.domain.ledger import Balance, Grant, Posting
from members.domain.rules import Activation
from shared.database import Tx


def _balance(row: Row[Any]) -> Balance:
    return Balance(row.member_id, row.waiting, row.active, row.held, row.entries)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        grant_id=row.grant_id,
        member_id=row.member_id,
        points=row.points,
        reason=row.reason,
        state=row.state,
        order_code=row.order_code,
        valid_days=row.valid_days,
        expires_at=row.expires_at,
    )


async def open_balance(tx: Tx, member_id: UUID) -> None:
    """Give a new member an empty balance."""
    await tx.execute("INSERT INTO point_balances (member_id) VALUES (:member_id)", member_id=member_id)


async def lock_balance(tx: Tx, member_id: UUID) -> Balance | None:
    """Return the balance of a member, locked until the end of the transaction; None for a stranger."""
    row = await tx.row(
        "SELECT * FROM point_balances WHERE member_id = :member_id FOR UPDATE", member_id=member_id
    )
    return None if row is None else _balance(row)


async def lock_known_balance(tx: Tx, member_id: UUID) -> Balance:
    """Return the locked balance of somebody who is a member. Raises LookupError for a stranger."""
    balance = await lock_balance(tx, member_id)
    if balance is None:
        raise LookupError(f"member {member_id} has no balance")
    return balance


async def balance_of(tx: Tx, member_id: UUID) -> Balance:
    """Return the balance of a member as it is, without locking it."""
    row = await tx.row("SELECT * FROM point_balances WHERE member_id = :member_id", member_id=member_id)
    return Balance(member_id) if row is None else _balance(row)


async def record_posting(tx: Tx, balance: Balance, posting: Posting, *, at: datetime) -> Balance:
    """Add ``posting`` to the ledger of a locked ``balance`` and return the balance after it."""
    then = balance.after(posting)
    await tx.execute(
        "INSERT INTO point_postings (member_id, number, kind, reason, waiting, active, waiting_after,"
        " active_after, shortage, order_code, grant_id, by, posted_at) VALUES (:member_id, :number, :kind,"
        " :reason, :waiting, :active, :waiting_after, :active_after, :shortage, :order_code, :grant_id, :by, :at)",
        member_id=then.member_id,
        number=then.entries,
        kind=posting.kind,
        reason=posting.reason,
        waiting=posting.waiting,
        active=posting.active,
        waiting_after=then.waiting,
        active_after=then.active,
        shortage=posting.shortage,
        order_code=posting.order_code,
        grant_id=posting.grant_id,
        by=posting.by,
        at=at,
    )
    await store_balance(tx, then)
    return then


async def store_balance(tx: Tx, balance: Balance) -> None:
    """Write a locked balance back."""
    await tx.execute(
        "UPDATE point_balances SET waiting = :waiting, active = :active, held = :held, entries = :entries"
        " WHERE member_id = :member_id",
        member_id=balance.member_id,
        waiting=balance.waiting,
        active=balance.active,
        held=balance.held,
        entries=balance.entries,
    )


async def insert_grant(tx: Tx, grant: Grant, *, activation: Activation, at: datetime) -> None:
    """Note a new grant; an active one gets its expiry."""
    await tx.execute(
        "INSERT INTO point_grants (grant_id, member_id, order_code, reason, points, activation, valid_days,"
        " state, granted_at, activated_at, expires_at, due_at) VALUES (:grant_id, :member_id, :order_code,"
        " :reason, :points, :activation, :valid_days, :state, :at, :activated_at, :expires_at, :expires_at)",
        grant_id=grant.grant_id,
        member_id=grant.member_id,
        order_code=grant.order_code,
        reason=grant.reason,
        points=grant.points,
        activation=activation,
        valid_days=grant.valid_days,
        state=grant.state,
        at=at,
        activated_at=at if grant.state == "active" else None,
        expires_at=_expiry(grant, at) if grant.state == "active" else None,
    )


def _expiry(grant: Grant, activated_at: datetime) -> datetime | None:
    return None if grant.valid_days is None else activated_at + timedelta(days=grant.valid_days)


async def set_grant_active(tx: Tx, grant: Grant, *, at: datetime) -> None:
    """Note that a waiting grant became valid at ``at``."""
    await tx.execute(
        "UPDATE point_grants SET state = 'active', activated_at = :at, expires_at = :expires_at,"
        " due_at = :expires_at WHERE grant_id = :grant_id",
        grant_id=grant.grant_id,
        at=at,
        expires_at=_expiry(grant, at),
    )


async def set_grant_revoked(tx: Tx, grant: Grant) -> None:
    """Note that a grant was taken back."""
    await tx.execute(
        "UPDATE point_grants SET state = 'revoked', due_at = NULL WHERE grant_id = :grant_id",
        grant_id=grant.grant_id,
    )


async def grant_by_id(tx: Tx, grant_id: UUID) -> Grant | None:
    """Return one grant. Lock the member's balance first where its state decides."""
    row = await tx.row("SELECT * FROM point_grants WHERE grant_id = :grant_id", grant_id=grant_id)
    return None if row is None else _grant(row)


async def purchase_grant(tx: Tx, order_code: str) -> tuple[Grant, Activation] | None:
    """Return what the order earned and when it is to become valid."""
    row = await tx.row(
        "SELECT * FROM point_grants WHERE order_code = :order_code AND reason = 'purchase'",
        order_code=order_code,
    )
    return None if row is None else (_grant(row), row.activation)


async def points_spent(tx: Tx, order_code: str) -> Row[Any] | None:
    """Return who spent how many points on an order (member_id, points); None if nobody did."""
    return await tx.row(
        "SELECT member_id, -active AS points FROM point_postings"
        " WHERE order_code = :order_code AND kind = 'used' AND active < 0",
        order_code=order_code,
    )


async def lapsed_and_consumed(tx: Tx, member_id: UUID, *, at: datetime) -> tuple[int, int]:
    """Return the sum of active grants whose validity ended by ``at``, and what was used or expired so far."""
    lapsed = await tx.value(
        "SELECT coalesce(sum(points), 0) FROM point_grants"
        " WHERE member_id = :member_id AND state = 'active' AND expires_at <= :at",
        member_id=member_id,
        at=at,
    )
    consumed = await tx.value(
        "SELECT coalesce(-sum(active), 0) FROM point_postings"
        " WHERE member_id = :member_id AND kind IN ('used', 'returned', 'expired')",
        member_id=member_id,
    )
    return int(lapsed), int(consumed)


async def recheck_lapsed(tx: Tx, member_id: UUID, *, at: datetime) -> None:
    """Let the expiry look again at a member whose lapsed points came back from an order."""
    await tx.execute(
        "UPDATE point_grants SET due_at = :at WHERE grant_id = (SELECT grant_id FROM point_grants"
        " WHERE member_id = :member_id AND state = 'active' AND expires_at <= :at LIMIT 1)",
        member_id=member_id,
        at=at,
    )


async def ledger_of(tx: Tx, member_id: UUID, *, rows_max: int) -> Sequence[Row[Any]]:
    """Return the last lines of a member's ledger, newest first, each with its grant's state and condition."""
    return await tx.rows(
        "SELECT p.*, g.activation, g.state AS grant_state, g.activated_at, g.expires_at"
        " FROM point_postings p LEFT JOIN point_grants g ON g.grant_id = p.grant_id"
        " WHERE p.member_id = :member_id ORDER BY p.number DESC LIMIT :rows_max",
        member_id=member_id,
        rows_max=rows_max,
    )
