"""The points ledger: postings that only ever add up, and a balance that no posting may push below zero.

    waiting (有効待ち) ──activated──▶ active (有効) ──used──▶ spent ──returned──▶ active
        │                              ├──expired──▶ gone
        └──────────revoked─────────────┴──▶ gone

Reliability promise P1: the balance is the sum of all postings, and every prefix of them is ≥ 0.

What an order got or earned and could not be taken any more is written down as a shortage, and the sum of shortages is
the member's debt. Points that come in later pay it first: the posting says how many, and only the rest is added. So
everything granted, spent, returned, revoked and expired adds up to the balance less the debt.
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
    """More points were asked for than are valid and not set aside."""

    def __init__(self, available: int) -> None:
        message = f"ご利用ポイントは0〜{available:,}の範囲で入力してください"
        if available < 1:
            message = "ご利用いただけるポイントは0ポイントです"
        super().__init__("not_enough_points", message, field="points")


@dataclass(frozen=True)
class Posting:
    """One line of the ledger. Changes are signed points.

    ``shortage`` is what could not be taken (PNT-20), ``repaid`` what came in and went to earlier shortages.
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
    """A member's points. ``held`` are active points set aside for orders being made (PNT-21).

    ``debt`` is what could not be taken and was not paid since.
    """

    member_id: UUID
    waiting: int = 0
    active: int = 0
    held: int = 0
    entries: int = 0
    debt: int = 0

    @property
    def available(self) -> int:
        """Return what may be set aside or spent now; what is owed is not."""
        return max(0, self.active - self.held - self.debt)

    def netted(self, posting: Posting) -> Posting:
        """Return ``posting`` as it is written down: what it brings pays the debt first."""
        repaid = min(max(posting.active, 0), self.debt)
        return replace(posting, active=posting.active - repaid, repaid=repaid) if repaid else posting

    def after(self, posting: Posting) -> "Balance":
        """Return the balance after a netted ``posting``. Raises NotEnoughPoints rather than go below zero."""
        then = replace(
            self,
            waiting=self.waiting + posting.waiting,
            active=self.active + posting.active,
            entries=self.entries + 1,
            debt=self.debt + posting.shortage - posting.repaid,
        )
        if then.waiting < 0 or then.active < then.held:
            raise NotEnoughPoints(self.available)
        return then

    def hold(self, points: int) -> "Balance":
        """Return the balance with ``points`` more set aside. Raises NotEnoughPoints."""
        if points > self.available:
            raise NotEnoughPoints(self.available)
        return replace(self, held=self.held + points)

    def unhold(self, points: int) -> "Balance":
        """Return the balance with ``points`` fewer set aside."""
        return replace(self, held=self.held - points)


@dataclass(frozen=True)
class Grant:
    """Points given for one reason; their state decides what may still happen to them."""

    grant_id: UUID
    member_id: UUID
    points: int
    reason: GrantReason
    state: GrantState
    order_code: str | None = None
    valid_days: int | None = None
    expires_at: datetime | None = None


def grant_posting(grant: Grant) -> Posting:
    """Return the posting that gives the points of ``grant``, waiting or active."""
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
    """Return the posting that makes waiting points valid (PNT-07, PNT-08, PNT-09)."""
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
    """Return the posting that spends ``wanted`` points on an order that is already placed.

    The order stands whatever the balance says: what is missing becomes the posting's shortage, and is owed.
    """
    taken = min(wanted, balance.available)
    return Posting("used", "order", waiting=0, active=-taken, order_code=order_code, shortage=wanted - taken)


def return_posting(points: int, *, order_code: str) -> Posting:
    """Return the posting that gives back what an order that is cancelled spent, what it owed included (PNT-22)."""
    return Posting("returned", "order", waiting=0, active=points, order_code=order_code)


def revoke_posting(balance: Balance, grant: Grant) -> Posting:
    """Return the posting that takes a grant back: of a cancelled order (PNT-22), or of a mailbox that had one.

    Points of it that were spent meanwhile cannot be taken; they are written down as shortage and owed (PNT-20).
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
    """Return how many active points have outlived their validity; the oldest are always spent first.

    ``lapsed`` is the sum of all active grants whose time is over, ``consumed`` what was used (less what
    was returned), paid a debt or expired before. Points set aside for an order stay until that order is decided.
    """
    return max(0, min(lapsed - consumed, balance.available))


def expire_posting(points: int, grant: Grant) -> Posting:
    """Return the posting that ends the validity of points."""
    return Posting("expired", grant.reason, waiting=0, active=-points, grant_id=grant.grant_id)
