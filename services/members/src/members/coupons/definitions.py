"""Stored definitions of coupons, and the members to whom they were issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.coupons.rules import CouponKind, CouponTerms
from shared.database.transactions import Tx

_KEPT = CouponTerms.model_fields.keys() - {"valid_until"}


@dataclass(frozen=True, slots=True)
class DefinedCoupon:
    """A definition. ``uses`` counts the valid uses of all members; ``issued`` counts the members who hold it."""

    coupon_id: UUID
    name: str
    kind: CouponKind
    value: int
    minimum: int
    expires_at: datetime
    uses_max: int | None
    member_uses_max: int
    uses: int
    defined_at: datetime
    defined_by: str
    issued: int

    def has(self, terms: CouponTerms) -> bool:
        """Return whether ``terms`` are its terms."""
        return all(getattr(self, name) == getattr(terms, name) for name in ("expires_at", *_KEPT))


_COUPON = (
    "SELECT c.coupon_id, c.name, c.kind, c.value, c.minimum, c.expires_at, c.uses_max, c.member_uses_max, c.uses,"
    " c.defined_at, c.defined_by,"
    " (SELECT count(*) FROM issued_coupons i WHERE i.coupon_id = c.coupon_id) AS issued FROM coupons c"
)


async def insert_coupon(tx: Tx, coupon_id: UUID, terms: CouponTerms, *, at: datetime, by: str) -> bool:
    """Store a definition with ``by`` as its author. Returns False if the id already exists."""
    inserted = await tx.execute(
        "INSERT INTO coupons (coupon_id, name, kind, value, minimum, expires_at, uses_max, member_uses_max,"
        " defined_at, defined_by) VALUES (:coupon_id, :name, :kind, :value, :minimum, :expires_at, :uses_max,"
        " :member_uses_max, :at, :by) ON CONFLICT (coupon_id) DO NOTHING",
        coupon_id=coupon_id,
        expires_at=terms.expires_at,
        at=at,
        by=by,
        **terms.model_dump(include=_KEPT),
    )
    return inserted == 1


async def coupon_by_id(tx: Tx, coupon_id: UUID) -> DefinedCoupon | None:
    """Return a definition with the number of its issues."""
    return await tx.read_one(DefinedCoupon, f"{_COUPON} WHERE c.coupon_id = :coupon_id", coupon_id=coupon_id)


async def find_coupons(tx: Tx, *, rows_max: int, offset: int) -> list[DefinedCoupon]:
    """Return one page of all definitions, newest first."""
    return await tx.read(
        DefinedCoupon,
        f"{_COUPON} ORDER BY c.defined_at DESC, c.coupon_id DESC LIMIT :rows_max OFFSET :offset",
        rows_max=rows_max,
        offset=offset,
    )


async def count_coupons(tx: Tx) -> int:
    """Return the number of definitions."""
    return int(await tx.value("SELECT count(*) FROM coupons"))


async def insert_issue(
    tx: Tx, issue_id: UUID, coupon: DefinedCoupon, member_id: UUID, *, at: datetime, by: str
) -> bool:
    """Issue a coupon to a member, with ``by`` as the issuer. Returns False if the member already has it."""
    inserted = await tx.execute(
        "INSERT INTO issued_coupons (issue_id, coupon_id, member_id, uses_max, issued_at, issued_by)"
        " VALUES (:issue_id, :coupon_id, :member_id, :uses_max, :at, :by) ON CONFLICT DO NOTHING",
        issue_id=issue_id,
        coupon_id=coupon.coupon_id,
        member_id=member_id,
        uses_max=coupon.member_uses_max,
        at=at,
        by=by,
    )
    return inserted == 1


@dataclass(frozen=True, slots=True)
class Holder:
    """A member who holds a coupon, and the person who issued it."""

    member_id: UUID
    name: str
    email: str
    uses: int
    uses_max: int
    issued_at: datetime
    issued_by: str


async def issued_members(tx: Tx, coupon_id: UUID, *, rows_max: int, offset: int) -> list[Holder]:
    """Return one page of the holders of a coupon, latest first."""
    return await tx.read(
        Holder,
        "SELECT i.member_id, m.name, m.email, i.uses, i.uses_max, i.issued_at, i.issued_by FROM issued_coupons i JOIN members m USING (member_id)"
        " WHERE i.coupon_id = :coupon_id ORDER BY i.issued_at DESC, i.issue_id LIMIT :rows_max OFFSET :offset",
        coupon_id=coupon_id,
        rows_max=rows_max,
        offset=offset,
    )


async def holders_among(tx: Tx, coupon_id: UUID, member_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these members already hold a coupon."""
    rows = await tx.rows(
        "SELECT member_id FROM issued_coupons WHERE coupon_id = :coupon_id AND member_id = ANY(:member_ids)",
        coupon_id=coupon_id,
        member_ids=list(member_ids),
    )
    return {row.member_id for row in rows}
