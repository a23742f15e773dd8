"""Uses of coupons: counters that cannot exceed their limits, and the ledger that explains them.

Guarded UPDATEs change the counter of a member's coupon first and then that of its definition. The entry is added while
both rows are locked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.coupons.rules import Coupon, CouponKind, EntryKind
from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class IssuedCoupon:
    """A coupon of a member with its terms. ``sold_out`` means that the uses of all members have reached the limit."""

    issue_id: UUID
    coupon_id: UUID
    member_id: UUID
    uses: int
    uses_max: int
    issued_at: datetime
    issued_by: str
    name: str
    kind: CouponKind
    value: int
    minimum: int
    expires_at: datetime
    sold_out: bool


_ISSUED = (
    "SELECT i.issue_id, i.coupon_id, i.member_id, i.uses, i.uses_max, i.issued_at, i.issued_by, c.name, c.kind,"
    " c.value, c.minimum, c.expires_at, coalesce(c.uses >= c.uses_max, false) AS sold_out"
    " FROM issued_coupons i JOIN coupons c USING (coupon_id)"
)
# Set aside with a reservation, and neither released nor redeemed since.
_HELD = (
    "SELECT e.issue_id FROM coupon_entries e JOIN issued_coupons h USING (issue_id)"
    " WHERE e.reservation_id = :reservation_id AND e.kind = 'reserved'"
    " AND NOT EXISTS (SELECT 1 FROM coupon_entries later WHERE later.reservation_id = e.reservation_id"
    " AND later.issue_id = e.issue_id AND later.kind IN ('released', 'redeemed'))"
)


async def issued_coupon(tx: Tx, issue_id: UUID) -> IssuedCoupon | None:
    """Return a coupon of a member with its terms."""
    return await tx.read_one(IssuedCoupon, f"{_ISSUED} WHERE i.issue_id = :issue_id", issue_id=issue_id)


async def coupons_of_member(tx: Tx, member_id: UUID, *, rows_max: int) -> list[IssuedCoupon]:
    """Return the coupons of a member, last to expire first."""
    return await tx.read(
        IssuedCoupon,
        f"{_ISSUED} WHERE i.member_id = :member_id ORDER BY c.expires_at DESC, i.issue_id LIMIT :rows_max",
        member_id=member_id,
        rows_max=rows_max,
    )


async def usable_coupons(
    tx: Tx, member_id: UUID, *, reservation_id: UUID | None, at: datetime, rows_max: int
) -> list[Coupon]:
    """Return the coupons that a member may use for the next order, first to expire first.

    The coupon that this browser has reserved (``reservation_id``) is included, because it may be chosen again.
    """
    rows = await tx.rows(
        f"{_ISSUED} WHERE i.member_id = :member_id AND c.expires_at > :at AND ("
        " (i.uses < i.uses_max AND (c.uses_max IS NULL OR c.uses < c.uses_max))"
        f" OR i.issue_id IN ({_HELD})) ORDER BY c.expires_at, i.issue_id LIMIT :rows_max",
        member_id=member_id,
        reservation_id=reservation_id,
        at=at,
        rows_max=rows_max,
    )
    return [Coupon.model_validate(row) for row in rows]


async def reserved_with(tx: Tx, reservation_id: UUID) -> list[UUID]:
    """Return the coupons of a reservation, in the common order of locking."""
    rows = await tx.rows(f"{_HELD} ORDER BY h.coupon_id", reservation_id=reservation_id)
    return [row.issue_id for row in rows]


async def with_coupons(tx: Tx, reservations: Collection[UUID]) -> set[UUID]:
    """Return those of locked ``reservations`` that ever reserved a coupon."""
    if not reservations:
        return set()
    rows = await tx.rows(
        "SELECT DISTINCT reservation_id FROM coupon_entries WHERE reservation_id = ANY(CAST(:ids AS uuid[]))",
        ids=list(reservations),
    )
    return {row.reservation_id for row in rows}


async def take_use(tx: Tx, issue_id: UUID) -> Literal["taken", "member_limit", "overall_limit"]:
    """Count one more use unless a limit forbids it (P3). Both rows stay locked until the commit."""
    taken = await tx.execute(
        "UPDATE issued_coupons SET uses = uses + 1 WHERE issue_id = :issue_id AND uses < uses_max",
        issue_id=issue_id,
    )
    if taken != 1:
        return "member_limit"
    counted = await tx.execute(
        "UPDATE coupons SET uses = uses + 1 WHERE (uses_max IS NULL OR uses < uses_max)"
        " AND coupon_id = (SELECT coupon_id FROM issued_coupons WHERE issue_id = :issue_id)",
        issue_id=issue_id,
    )
    if counted == 1:
        return "taken"
    await tx.execute(
        "UPDATE issued_coupons SET uses = uses - 1 WHERE issue_id = :issue_id", issue_id=issue_id
    )
    return "overall_limit"


async def give_use_back(tx: Tx, issue_id: UUID) -> None:
    """Count one use less."""
    await tx.execute(
        "UPDATE issued_coupons SET uses = uses - 1 WHERE issue_id = :issue_id", issue_id=issue_id
    )
    await tx.execute(
        "UPDATE coupons SET uses = uses - 1"
        " WHERE coupon_id = (SELECT coupon_id FROM issued_coupons WHERE issue_id = :issue_id)",
        issue_id=issue_id,
    )


async def add_entry(
    tx: Tx,
    issue_id: UUID,
    kind: EntryKind,
    *,
    change: int,
    reservation_id: UUID,
    at: datetime,
    order_code: str | None = None,
) -> None:
    """Add a ledger entry with the reason of a counter change. ``change`` is its amount."""
    await tx.execute(
        "INSERT INTO coupon_entries (issue_id, kind, change, reservation_id, order_code, entered_at)"
        " VALUES (:issue_id, :kind, :change, :reservation_id, :order_code, :at)",
        issue_id=issue_id,
        kind=kind,
        change=change,
        reservation_id=reservation_id,
        order_code=order_code,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class Redemption:
    """A coupon that an order redeemed."""

    order_code: str
    issue_id: UUID
    reservation_id: UUID


async def redemptions_of(tx: Tx, codes: Collection[str]) -> list[Redemption]:
    """Return the coupons that orders redeemed and have not returned.

    They are sorted in the common order of locking.
    """
    return await tx.read(
        Redemption,
        "SELECT e.order_code, e.issue_id, e.reservation_id FROM coupon_entries e"
        " JOIN issued_coupons i USING (issue_id)"
        " WHERE e.order_code = ANY(CAST(:codes AS text[])) AND e.kind = 'redeemed'"
        " AND NOT EXISTS (SELECT 1 FROM coupon_entries r"
        " WHERE r.order_code = e.order_code AND r.kind = 'returned') ORDER BY i.coupon_id, i.issue_id",
        codes=list(codes),
    )
