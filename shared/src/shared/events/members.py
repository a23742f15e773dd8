"""What members says."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.events._event import Event, Yen


class MembersEvent(Event):
    """Only members may say these."""

    producer: ClassVar[str] = "members"
    member_id: UUID


class MemberRegistered(MembersEvent):
    """A member exists from now on."""

    name: str
    email: str
    via: Literal["form", "amazon", "order"]
    registered_at: datetime
    order_code: str | None = None


class AmazonAccountLinked(MembersEvent):
    """The member may log in with the Amazon account alone from now on (MEM-01). Said once per link."""

    linked_at: datetime
    path: Literal["order", "registration", "login"]
    order_code: str | None = None


class SessionsRevoked(MembersEvent):
    """Sessions of this member issued up to ``issued_until`` are void; only one if ``session_id`` is set."""

    session_id: UUID | None = None
    issued_until: datetime


class PointsGranted(MembersEvent):
    """Points were added, waiting (有効待ち) or already valid (有効)."""

    points: int
    state: Literal["pending", "active"]
    reason: Literal["registration", "purchase"]
    order_code: str | None = None


class PointsActivated(MembersEvent):
    """Waiting points became 有効."""

    points: int
    order_code: str | None = None


class PointsUsed(MembersEvent):
    """Reserved points were spent on an order."""

    points: int
    order_code: str


class PointsReturned(MembersEvent):
    """A cancelled order gave its points back and lost its grant (PNT-22)."""

    points_returned: int
    points_revoked: int
    order_code: str


class CouponIssued(MembersEvent):
    """The member may use this coupon from now on (CPN-03). ``value`` is yen or percent, as ``kind`` says."""

    coupon_id: UUID
    issue_id: UUID
    name: str
    kind: Literal["amount_off", "percent_off", "free_shipping"]
    value: int
    expires_at: datetime
    order_code: str | None = None


class CouponRedeemed(MembersEvent):
    """The coupon was used for an order; ``discount`` is what it took off the goods (CPN-10)."""

    coupon_id: UUID
    issue_id: UUID
    name: str
    discount: Yen
    order_code: str


class CouponReturned(MembersEvent):
    """A cancelled order gave its coupon back; ``usable`` unless it expired meanwhile (CPN-10)."""

    coupon_id: UUID
    issue_id: UUID
    name: str
    usable: bool
    order_code: str
