"""The stored ledger of points. Every change locks the member's balance, adds a posting and updates the balance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.points.records import balance_row, expiry, grant_row, posting_row
from members.points.rules import Balance, Grant, GrantReason, GrantState, Posting, PostingKind
from members.points.tables import point_grants, point_postings
from members.shop_rules.labels import Activation, GrantActivation
from shared.database.bulk import insert_all
from shared.database.sql import columns_of
from shared.database.transactions import Tx

# Reading a balance for a change locks its row. A page reads it without the lock.
_COLUMNS = "member_id, waiting, active, held AS reserved, entries, debt"
_BALANCE = f"SELECT {_COLUMNS} FROM point_balances WHERE member_id = :member_id"  # noqa: S608 - names are ours
_BALANCES = (
    f"SELECT {_COLUMNS} FROM point_balances"  # noqa: S608
    " WHERE member_id = ANY(CAST(:ids AS uuid[])) ORDER BY member_id FOR UPDATE"
)
_GRANT = f"SELECT {columns_of(Grant)} FROM point_grants"  # noqa: S608


async def open_balance(tx: Tx, member_id: UUID) -> None:
    """Create an empty balance for a new member."""
    await tx.execute("INSERT INTO point_balances (member_id) VALUES (:member_id)", member_id=member_id)


async def lock_balance(tx: Tx, member_id: UUID) -> Balance | None:
    """Return the balance of a member, locked until the end of the transaction. Return None for an unknown member."""
    return await tx.read_one(Balance, f"{_BALANCE} FOR UPDATE", member_id=member_id)


async def lock_balances(tx: Tx, member_ids: Collection[UUID]) -> list[Balance]:
    """Return the balances of the members among ``member_ids``, locked in the common order of locking."""
    return await tx.read(Balance, _BALANCES, ids=list(member_ids))


async def lock_known_balance(tx: Tx, member_id: UUID) -> Balance:
    """Return the locked balance of a member. Raises LookupError for an unknown member."""
    balance = await lock_balance(tx, member_id)
    if balance is None:
        raise LookupError(f"member {member_id} has no balance")
    return balance


async def balance_of(tx: Tx, member_id: UUID) -> Balance:
    """Return the balance of a member without locking it."""
    return await tx.read_one(Balance, _BALANCE, member_id=member_id) or Balance(member_id)


async def record_posting(tx: Tx, balance: Balance, posting: Posting, *, at: datetime) -> Balance:
    """Add ``posting`` to the ledger of a locked ``balance`` and return the new balance. It pays a debt first."""
    netted = balance.netted(posting)
    then = balance.after(netted)
    await insert_all(tx, point_postings, [posting_row(then, netted, at=at)])
    await store_balance(tx, then)
    return then


async def store_balance(tx: Tx, balance: Balance) -> None:
    """Write a locked balance."""
    await tx.execute(
        "UPDATE point_balances SET waiting = :waiting, active = :active, held = :held, entries = :entries,"
        " debt = :debt WHERE member_id = :member_id",
        **balance_row(balance),
    )


async def insert_grant(tx: Tx, grant: Grant, *, activation: GrantActivation, at: datetime) -> None:
    """Store a new grant. An active one gets its expiry."""
    await insert_all(tx, point_grants, [grant_row(grant, activation=activation, at=at)])


async def set_grant_active(tx: Tx, grant: Grant, *, at: datetime) -> None:
    """Store that a waiting grant became active at ``at``."""
    await tx.execute(
        "UPDATE point_grants SET state = 'active', activated_at = :at, expires_at = :expires_at,"
        " due_at = :expires_at WHERE grant_id = :grant_id",
        grant_id=grant.grant_id,
        at=at,
        expires_at=expiry(grant, at),
    )


async def set_grant_revoked(tx: Tx, grant: Grant) -> None:
    """Store that a grant was revoked."""
    await tx.execute(
        "UPDATE point_grants SET state = 'revoked', due_at = NULL WHERE grant_id = :grant_id",
        grant_id=grant.grant_id,
    )


async def grant_by_id(tx: Tx, grant_id: UUID) -> Grant | None:
    """Return one grant. If its state decides something, lock the member's balance first."""
    return await tx.read_one(Grant, f"{_GRANT} WHERE grant_id = :grant_id", grant_id=grant_id)


async def grant_waiting_for_proof(tx: Tx, member_id: UUID) -> Grant | None:
    """Return the registration points that wait for the proof of the member's address. Lock the balance first."""
    return await tx.read_one(
        Grant,
        f"{_GRANT} WHERE member_id = :member_id AND reason = 'registration'"
        " AND state = 'waiting' AND activation = 'on_verified'",
        member_id=member_id,
    )


@dataclass(frozen=True)
class Earned(Grant):
    """The points that an order earned, and the condition of their activation.

    ``money_returned`` means that they were revoked because all the money of the order went back. ``activated_at`` is
    then also set if they would have become active since.
    """

    activation: Activation = "on_shipped"
    activated_at: datetime | None = None
    money_returned: bool = False


async def purchase_grants(tx: Tx, codes: Collection[str]) -> dict[str, Earned]:
    """Return the points that orders earned, by order, each as granted last. Orders without points are left out.

    If the state of a grant decides something, lock the members' balances first.
    """
    if not codes:
        return {}
    found = await tx.read(
        Earned,
        f"SELECT DISTINCT ON (order_code) {columns_of(Earned)} FROM point_grants"  # noqa: S608 - names are ours
        " WHERE order_code = ANY(CAST(:codes AS text[])) AND reason = 'purchase'"
        " ORDER BY order_code, number DESC",
        codes=list(codes),
    )
    return {earned.order_code: earned for earned in found if earned.order_code is not None}


@dataclass(frozen=True, slots=True)
class Spent:
    """The member and the points spent on an order, including owed points."""

    order_code: str
    member_id: UUID
    points: int


async def points_spent(tx: Tx, codes: Collection[str]) -> dict[str, Spent]:
    """Return the member and the points spent for each order that spent points."""
    if not codes:
        return {}
    found = await tx.read(
        Spent,
        "SELECT order_code, member_id, shortage - active AS points FROM point_postings"
        " WHERE order_code = ANY(CAST(:codes AS text[])) AND kind = 'used' AND shortage > active",
        codes=list(codes),
    )
    return {spent.order_code: spent for spent in found}


async def lapsed_and_consumed(tx: Tx, member_id: UUID, *, at: datetime) -> tuple[int, int]:
    """Return the sum of active grants that lapsed by ``at``, and the points used, owed or expired so far.

    A shortage of a revoked grant is left out. That grant's own points consumed it, and no active grant includes them.
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
    """Make the expiry due again, each at its moment, for members whose lapsed points an order returned."""
    await tx.execute(
        "UPDATE point_grants SET due_at = found.at FROM ("
        " SELECT DISTINCT ON (g.member_id) g.grant_id, r.at FROM point_grants g"
        " JOIN unnest(CAST(:members AS uuid[]), CAST(:ats AS timestamptz[])) AS r(member_id, at)"
        " ON g.member_id = r.member_id AND g.state = 'active' AND g.expires_at <= r.at"
        ") AS found WHERE point_grants.grant_id = found.grant_id",
        members=list(returned),
        ats=list(returned.values()),
    )


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of a member's ledger, with the state and condition of its grant, if it has one."""

    kind: PostingKind
    reason: GrantReason
    waiting: int
    active: int
    active_after: int
    shortage: int
    repaid: int
    order_code: str | None
    grant_id: UUID | None
    by: str
    posted_at: datetime
    activation: GrantActivation | None
    grant_state: GrantState | None
    activated_at: datetime | None
    expires_at: datetime | None
    grant_number: int | None
    money_returned: bool | None


async def ledger_of(tx: Tx, member_id: UUID, *, rows_max: int) -> list[LedgerLine]:
    """Return the last lines of a member's ledger, newest first."""
    return await tx.read(
        LedgerLine,
        "SELECT p.kind, p.reason, p.waiting, p.active, p.active_after, p.shortage, p.repaid, p.order_code, p.grant_id,"
        " p.by, p.posted_at, g.activation, g.state AS grant_state, g.activated_at, g.expires_at,"
        " g.number AS grant_number, g.money_returned"
        " FROM point_postings p LEFT JOIN point_grants g ON g.grant_id = p.grant_id"
        " WHERE p.member_id = :member_id ORDER BY p.number DESC LIMIT :rows_max",
        member_id=member_id,
        rows_max=rows_max,
    )
