"""The append-only rows of points: lines of the ledger, and new grants."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from members.points.rules import Balance, Grant, GrantReason, GrantState, Posting, PostingKind
from members.shop_rules.labels import GrantActivation
from shared.clock import end_of_day, in_japan


@dataclass(frozen=True, slots=True)
class PostingRow:
    """A stored line of the ledger. The numbers of a member's lines have no gaps."""

    member_id: UUID
    number: int
    kind: PostingKind
    reason: GrantReason
    waiting: int
    active: int
    waiting_after: int
    active_after: int
    shortage: int
    repaid: int
    order_code: str | None
    grant_id: UUID | None
    by: str
    posted_at: datetime


def balance_row(balance: Balance) -> dict[str, object]:
    """Return the row of a balance. Its column for reserved points keeps the name of 0.1.0."""
    return {
        "member_id": balance.member_id,
        "waiting": balance.waiting,
        "active": balance.active,
        "held": balance.reserved,
        "entries": balance.entries,
        "debt": balance.debt,
    }


def posting_row(then: Balance, posting: Posting, *, at: datetime) -> PostingRow:
    """Return the row of ``posting``, with ``then`` as the balance after it."""
    return PostingRow(
        member_id=then.member_id,
        number=then.entries,
        kind=posting.kind,
        reason=posting.reason,
        waiting=posting.waiting,
        active=posting.active,
        waiting_after=then.waiting,
        active_after=then.active,
        shortage=posting.shortage,
        repaid=posting.repaid,
        order_code=posting.order_code,
        grant_id=posting.grant_id,
        by=posting.by,
        posted_at=at,
    )


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A new grant as it is stored. It is due when its points expire."""

    grant_id: UUID
    member_id: UUID
    order_code: str | None
    number: int
    reason: GrantReason
    points: int
    activation: GrantActivation
    valid_days: int | None
    state: GrantState
    granted_at: datetime
    activated_at: datetime | None
    expires_at: datetime | None
    due_at: datetime | None


def grant_row(grant: Grant, *, activation: GrantActivation, at: datetime) -> GrantRow:
    """Return the row of a grant that is given at ``at``."""
    active = grant.state == "active"
    expires_at = expiry(grant, at) if active else None
    return GrantRow(
        grant_id=grant.grant_id,
        member_id=grant.member_id,
        order_code=grant.order_code,
        number=grant.number,
        reason=grant.reason,
        points=grant.points,
        activation=activation,
        valid_days=grant.valid_days,
        state=grant.state,
        granted_at=at,
        activated_at=at if active else None,
        expires_at=expires_at,
        due_at=expires_at,
    )


def expiry(grant: Grant, activated_at: datetime) -> datetime | None:
    """Return when the points of a grant that became active at ``activated_at`` expire. Return None for never.

    That is the midnight in Japan after their last day. Pages show that day.
    """
    if grant.valid_days is None:
        return None
    return end_of_day(in_japan(activated_at).date() + timedelta(days=grant.valid_days))
