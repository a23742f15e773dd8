"""Events that members publishes."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.events._event import Event, Yen
from shared.events._open import Open

Benefit = Literal["points", "coupon"]
GrantState = Literal["pending", "active"]


class MembersEvent(Event):
    """The base class of members' events: only members may publish them."""

    producer: ClassVar[str] = "members"
    member_id: UUID


class MemberRegistered(MembersEvent):
    """A person became a member.

    ``language`` here and below (BCP 47: ``ja``, ``en-US``) is the member's language; empty if unknown.
    """

    name: str
    email: str
    via: Open[Literal["form", "amazon", "order"]]
    registered_at: datetime
    order_code: str | None = None
    language: str = ""


class AmazonAccountLinked(MembersEvent):
    """From now on the member may log in with only the Amazon account (MEM-01). Published once per link.

    ``name`` and ``email`` are those of the member, who gets a mail about it. They are empty in events of the former
    release.
    """

    linked_at: datetime
    path: Open[Literal["order", "registration", "login"]]
    order_code: str | None = None
    name: str = ""
    email: str = ""


class SessionsRevoked(MembersEvent):
    """All sessions of this member that were issued up to ``issued_until`` are void.

    With ``session_id``, only that one is.
    """

    session_id: UUID | None = None
    issued_until: datetime


class EmailVerificationRequested(MembersEvent):
    """The member must prove that the address belongs to them (MEM-38).

    The event contains no secret. Notifications mails a link with a statement about ``request_id``, which it signs.
    Members accepts the statement until ``expires_at``, or until a newer request replaces it.
    """

    request_id: UUID
    name: str
    email: str
    expires_at: datetime
    language: str = ""


class PasswordResetRequested(MembersEvent):
    """The member may set a new password by a one-time link (MEM-09, MEM-27).

    ``first``: the account never had a password. The link is made as for EmailVerificationRequested.
    """

    request_id: UUID
    name: str
    email: str
    expires_at: datetime
    first: bool = False
    language: str = ""


class PasswordChanged(MembersEvent):
    """The member has a new password."""

    name: str
    email: str
    way: Open[Literal["form", "reset"]]
    changed_at: datetime
    language: str = ""


class StaffInvited(MembersEvent):
    """An owner invited a person to the desk (STF-01). The mail has a one-time link, made as for EmailVerificationRequested.

    ``member_id`` is the id that the person has, or will have. ``invited_by`` is the name of the owner.
    """

    request_id: UUID
    name: str
    email: str
    invited_by: str
    expires_at: datetime
    language: str = ""


class RegistrationRefused(MembersEvent):
    """The order is valid, but no member was registered with it. ``reason``: ``email_taken``, or another word.

    ``member_id`` is the id that the order contains for the new member.
    """

    reason: str
    order_code: str


class BenefitShortageFound(MembersEvent):
    """An order was reduced by points or a coupon that could not be deducted: a loss of the shop.

    ``missing`` is the part that could not be deducted, in points or, for a coupon, in yen.
    """

    benefit: Open[Benefit]
    missing: int
    reason: str
    order_code: str


class PointsGranted(MembersEvent):
    """Points were added, waiting (有効待ち) or already valid (有効)."""

    points: int
    state: Open[GrantState]
    reason: Open[Literal["registration", "purchase"]]
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
    """A cancelled order gave its points back and lost its grant (PNT-22), or all its money went back and it lost its grant.

    ``points_owed`` are earned points that were spent already: the member owes them.
    """

    points_returned: int
    points_revoked: int
    order_code: str
    points_owed: int = 0
    because: Open[Literal["order_cancelled", "money_returned"]] = "order_cancelled"


class CouponIssued(MembersEvent):
    """The member may use this coupon (CPN-03). ``value`` is yen or percent, depending on ``kind``."""

    coupon_id: UUID
    issue_id: UUID
    name: str
    kind: Open[Literal["amount_off", "percent_off", "free_shipping"]]
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
