"""The points ledger. Postings are only added, and no posting may make the balance negative.

    waiting (有効待ち) ──activated──▶ active (有効) ──used──▶ spent ──returned──▶ active
        │                              ├──expired──▶ gone
        └──────────revoked─────────────┴──▶ gone

Reliability promise P1: the balance is the sum of all postings, and every prefix of them is ≥ 0.

Points that an order used or earned, and that can no longer be taken, are a shortage. The sum of shortages is the
member's debt. Later points pay it first: the posting records the repaid points, and only the rest is added. The sum of
all granted, spent, returned, revoked and expired points is therefore the balance less the debt.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.errors import Refused

PostingKind = Literal["granted", "activated", "used", "returned", "revoked", "expired"]
GrantReason = Literal["registration", "purchase", "order"]
GrantState = Literal["waiting", "active", "revoked"]


class NotEnoughPoints(Refused):
    """The request needs more points than are active and not reserved."""

    def __init__(self, available: int) -> None:
        message = f"ご利用ポイントは0〜{available:,}の範囲で入力してください"
        if available < 1:
            message = "ご利用いただけるポイントは0ポイントです"
        super().__init__("not_enough_points", message, field="points")


@dataclass(frozen=True)
class Posting:
    """One line of the ledger. Changes are signed numbers of points.

    ``shortage`` are points that could not be taken (PNT-20). ``repaid`` are new points that paid earlier shortages.
    """

    kind: PostingKind
    reason: GrantReason
    waiting: int
    active: int
    order_code: str | None = None
    grant_id: UUID | None = None
    shortage: int = 0
    by: str = ""
    repaid: int = 0


@dataclass(frozen=True)
class Balance:
    """A member's points. ``reserved`` are active points that are set aside for orders (PNT-21).

    ``debt`` is the sum of unpaid shortages.
    """

    member_id: UUID
    waiting: int = 0
    active: int = 0
    reserved: int = 0
    entries: int = 0
    debt: int = 0

    @property
    def available(self) -> int:
        """Return the points that may be reserved or spent now. Owed points are subtracted."""
        return max(0, self.active - self.reserved - self.debt)

    def netted(self, posting: Posting) -> Posting:
        """Return ``posting`` for storage: its new points pay the debt first."""
        repaid = min(max(posting.active, 0), self.debt)
        return replace(posting, active=posting.active - repaid, repaid=repaid) if repaid else posting

    def after(self, posting: Posting) -> "Balance":
        """Return the balance after a netted ``posting``. Raises NotEnoughPoints if it would be negative."""
        then = replace(
            self,
            waiting=self.waiting + posting.waiting,
            active=self.active + posting.active,
            entries=self.entries + 1,
            debt=self.debt + posting.shortage - posting.repaid,
        )
        if then.waiting < 0 or then.active < then.reserved:
            raise NotEnoughPoints(self.available)
        return then

    def reserve(self, points: int) -> "Balance":
        """Return the balance with ``points`` more reserved. Raises NotEnoughPoints."""
        if points > self.available:
            raise NotEnoughPoints(self.available)
        return replace(self, reserved=self.reserved + points)

    def release(self, points: int) -> "Balance":
        """Return the balance with ``points`` fewer reserved."""
        return replace(self, reserved=self.reserved - points)


@dataclass(frozen=True)
class Grant:
    """Points granted for one reason. Their state decides the allowed changes.

    ``number`` counts the grants of one order: it has several if its points were revoked and are granted again.
    """

    grant_id: UUID
    member_id: UUID
    points: int
    reason: GrantReason
    state: GrantState
    order_code: str | None = None
    number: int = 1
    valid_days: int | None = None
    expires_at: datetime | None = None


def grant_posting(grant: Grant) -> Posting:
    """Return the posting that grants the points of ``grant``, waiting or active."""
    waits = grant.state == "waiting"
    return Posting(
        "granted",
        grant.reason,
        waiting=grant.points if waits else 0,
        active=0 if waits else grant.points,
        order_code=grant.order_code,
        grant_id=grant.grant_id,
    )


def activate_posting(grant: Grant, *, by: str = "") -> Posting:
    """Return the posting that activates waiting points (PNT-07, PNT-08, PNT-09)."""
    return Posting(
        "activated",
        grant.reason,
        waiting=-grant.points,
        active=grant.points,
        order_code=grant.order_code,
        grant_id=grant.grant_id,
        by=by,
    )


def use_posting(balance: Balance, wanted: int, *, order_code: str) -> Posting:
    """Return the posting that spends ``wanted`` points on a placed order.

    The order remains valid whatever the balance is. Missing points become the posting's shortage and are owed.
    """
    taken = min(wanted, balance.available)
    return Posting("used", "order", waiting=0, active=-taken, order_code=order_code, shortage=wanted - taken)


def return_posting(points: int, *, order_code: str) -> Posting:
    """Return the posting that returns the points of a cancelled order, including owed points (PNT-22)."""
    return Posting("returned", "order", waiting=0, active=points, order_code=order_code)


def revoke_posting(balance: Balance, grant: Grant) -> Posting:
    """Return the posting that revokes a grant: of an order that was cancelled (PNT-22) or whose money all went back, or of
    a mailbox that already had one.

    Points of the grant that were spent cannot be taken. They are recorded as a shortage and owed (PNT-20).
    """
    if grant.state == "waiting":
        return Posting(
            "revoked",
            grant.reason,
            waiting=-grant.points,
            active=0,
            order_code=grant.order_code,
            grant_id=grant.grant_id,
        )
    taken = min(grant.points, balance.available)
    return Posting(
        "revoked",
        grant.reason,
        waiting=0,
        active=-taken,
        order_code=grant.order_code,
        grant_id=grant.grant_id,
        shortage=grant.points - taken,
    )


def points_to_expire(balance: Balance, *, lapsed: int, consumed: int) -> int:
    """Return how many active points are beyond their validity. The oldest points are always spent first.

    ``lapsed`` is the sum of all active grants whose validity ended. ``consumed`` are the points used (less returned
    ones), used for a debt, or expired before. Points reserved for an order stay until that order is decided.
    """
    return max(0, min(lapsed - consumed, balance.available))


def expire_posting(points: int, grant: Grant) -> Posting:
    """Return the posting that expires points."""
    return Posting("expired", grant.reason, waiting=0, active=-points, grant_id=grant.grant_id)
