"""The points ledger on disk: every change locks the member's balance, adds a posting and moves the balance."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from members.points.rules import Balance, Grant, Posting
from members.points.tables import point_grants, point_postings
from members.shop_rules.rules import Activation, GrantActivation
from shared.bulk import insert_all
from shared.clock import end_of_day, in_japan
from shared.database import Tx
from shared.sql import Row


def balance_from(row: Row) -> Balance:
    """Return the balance that a row of point_balances holds."""
    return Balance(row.member_id, row.waiting, row.active, row.held, row.entries, row.debt)


def _grant(row: Row) -> Grant:
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
    return None if row is None else balance_from(row)


async def lock_known_balance(tx: Tx, member_id: UUID) -> Balance:
    """Return the locked balance of somebody who is a member. Raises LookupError for a stranger."""
    balance = await lock_balance(tx, member_id)
    if balance is None:
        raise LookupError(f"member {member_id} has no balance")
    return balance


async def balance_of(tx: Tx, member_id: UUID) -> Balance:
    """Return the balance of a member as it is, without locking it."""
    row = await tx.row("SELECT * FROM point_balances WHERE member_id = :member_id", member_id=member_id)
    return Balance(member_id) if row is None else balance_from(row)


async def record_posting(tx: Tx, balance: Balance, posting: Posting, *, at: datetime) -> Balance:
    """Add ``posting`` to the ledger of a locked ``balance`` and return the balance after it; a debt is paid first."""
    netted = balance.netted(posting)
    then = balance.after(netted)
    await insert_all(tx, point_postings, [posting_values(then, netted, at=at)])
    await store_balance(tx, then)
    return then


def posting_values(then: Balance, posting: Posting, *, at: datetime) -> dict[str, Any]:
    """Return the row of ``posting``, which left the balance ``then``."""
    return {
        "member_id": then.member_id,
        "number": then.entries,
        "kind": posting.kind,
        "reason": posting.reason,
        "waiting": posting.waiting,
        "active": posting.active,
        "waiting_after": then.waiting,
        "active_after": then.active,
        "shortage": posting.shortage,
        "repaid": posting.repaid,
        "order_code": posting.order_code,
        "grant_id": posting.grant_id,
        "by": posting.by,
        "posted_at": at,
    }


async def store_balance(tx: Tx, balance: Balance) -> None:
    """Write a locked balance back."""
    await tx.execute(
        "UPDATE point_balances SET waiting = :waiting, active = :active, held = :held, entries = :entries,"
        " debt = :debt WHERE member_id = :member_id",
        member_id=balance.member_id,
        waiting=balance.waiting,
        active=balance.active,
        held=balance.held,
        entries=balance.entries,
        debt=balance.debt,
    )


async def insert_grant(tx: Tx, grant: Grant, *, activation: GrantActivation, at: datetime) -> None:
    """Note a new grant; an active one gets its expiry."""
    await insert_all(tx, point_grants, [grant_values(grant, activation=activation, at=at)])


def grant_values(grant: Grant, *, activation: GrantActivation, at: datetime) -> dict[str, Any]:
    """Return the row of a grant that is given at ``at``."""
    active = grant.state == "active"
    expires_at = expiry(grant, at) if active else None
    return {
        "grant_id": grant.grant_id,
        "member_id": grant.member_id,
        "order_code": grant.order_code,
        "reason": grant.reason,
        "points": grant.points,
        "activation": activation,
        "valid_days": grant.valid_days,
        "state": grant.state,
        "granted_at": at,
        "activated_at": at if active else None,
        "expires_at": expires_at,
        "due_at": expires_at,
    }


def expiry(grant: Grant, activated_at: datetime) -> datetime | None:
    """Return when the points of a grant that became valid at ``activated_at`` expire; None for never.

    That is the midnight in Japan that ends their last day, which is the day that people read.
    """
    if grant.valid_days is None:
        return None
    return end_of_day(in_japan(activated_at).date() + timedelta(days=grant.valid_days))


async def set_grant_active(tx: Tx, grant: Grant, *, at: datetime) -> None:
    """Note that a waiting grant became valid at ``at``."""
    await tx.execute(
        "UPDATE point_grants SET state = 'active', activated_at = :at, expires_at = :expires_at,"
        " due_at = :expires_at WHERE grant_id = :grant_id",
        grant_id=grant.grant_id,
        at=at,
        expires_at=expiry(grant, at),
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


async def grant_waiting_for_proof(tx: Tx, member_id: UUID) -> Grant | None:
    """Return the registration points that wait until the member's address is proved. Lock the balance first."""
    row = await tx.row(
        "SELECT * FROM point_grants WHERE member_id = :member_id AND reason = 'registration'"
        " AND state = 'waiting' AND activation = 'on_verified'",
        member_id=member_id,
    )
    return None if row is None else _grant(row)


async def purchase_grants(tx: Tx, codes: Collection[str]) -> dict[str, tuple[Grant, Activation]]:
    """Return what orders earned and when it is to become valid, by order; those without points are left out.

    Lock the members' balances first where the state of a grant decides.
    """
    if not codes:
        return {}
    rows = await tx.rows(
        "SELECT * FROM point_grants WHERE order_code = ANY(CAST(:codes AS text[])) AND reason = 'purchase'",
        codes=list(codes),
    )
    return {row.order_code: (_grant(row), row.activation) for row in rows}


async def points_spent(tx: Tx, codes: Collection[str]) -> dict[str, Row]:
    """Return who spent how many points on each order (member_id, points), where somebody did; also what was owed."""
    if not codes:
        return {}
    rows = await tx.rows(
        "SELECT order_code, member_id, shortage - active AS points FROM point_postings"
        " WHERE order_code = ANY(CAST(:codes AS text[])) AND kind = 'used' AND shortage > active",
        codes=list(codes),
    )
    return {row.order_code: row for row in rows}


async def lapsed_and_consumed(tx: Tx, member_id: UUID, *, at: datetime) -> tuple[int, int]:
    """Return the sum of active grants whose validity ended by ``at``, and what was used, owed or expired so far.

    A shortage of a revoked grant was consumed by that grant's own points, which no active grant counts.
    """
    lapsed = await tx.value(
        "SELECT coalesce(sum(points), 0) FROM point_grants"
        " WHERE member_id = :member_id AND state = 'active' AND expires_at <= :at",
        member_id=member_id,
        at=at,
    )
    consumed = await tx.value(
        "SELECT coalesce(sum(CASE WHEN kind IN ('used', 'returned', 'expired') THEN -active"
        " WHEN kind = 'revoked' THEN -shortage ELSE repaid END), 0) FROM point_postings"
        " WHERE member_id = :member_id",
        member_id=member_id,
    )
    return int(lapsed), int(consumed)


async def recheck_lapsed(tx: Tx, returned: Mapping[UUID, datetime]) -> None:
    """Let the expiry look again at members, each at its moment, whose lapsed points came back from an order."""
    await tx.execute(
        "UPDATE point_grants SET due_at = found.at FROM ("
        " SELECT DISTINCT ON (g.member_id) g.grant_id, r.at FROM point_grants g"
        " JOIN unnest(CAST(:members AS uuid[]), CAST(:ats AS timestamptz[])) AS r(member_id, at)"
        " ON g.member_id = r.member_id AND g.state = 'active' AND g.expires_at <= r.at"
        ") AS found WHERE point_grants.grant_id = found.grant_id",
        members=list(returned),
        ats=list(returned.values()),
    )


async def ledger_of(tx: Tx, member_id: UUID, *, rows_max: int) -> Sequence[Row]:
    """Return the last lines of a member's ledger, newest first, each with its grant's state and condition."""
    return await tx.rows(
        "SELECT p.*, g.activation, g.state AS grant_state, g.activated_at, g.expires_at"
        " FROM point_postings p LEFT JOIN point_grants g ON g.grant_id = p.grant_id"
        " WHERE p.member_id = :member_id ORDER BY p.number DESC LIMIT :rows_max",
        member_id=member_id,
        rows_max=rows_max,
    )
