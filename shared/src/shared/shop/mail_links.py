"""One-time links in mails: notifications signs them at the moment of sending, members accepts each once.

The event that requests a mail carries only the id of a request. So no queue, outbox or log contains a secret that
opens an account. The link contains a statement about that request (:mod:`shared.shop.statements`), signed by
notifications, for one purpose and one address, until the request ends. Members stores the request and marks its use.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from shared.clock import now
from shared.events import EmailVerificationRequested, PasswordResetRequested, StaffInvited
from shared.shop.statements import Issuer, StatementInvalid, Verifier

LinkPurpose = Literal["password_reset", "email_verification", "staff_invitation"]
LinkRequested = PasswordResetRequested | EmailVerificationRequested | StaffInvited
"""The events whose mail contains a link."""
PATH: dict[LinkPurpose, str] = {
    "password_reset": "/members/password/reset",
    "email_verification": "/members/verify-email",
    "staff_invitation": "/members/staff/join",
}


@dataclass(frozen=True, slots=True)
class MailLink:
    """The content of a link: the request, its member, and the address of the mail."""

    request_id: UUID
    member_id: UUID
    email: str
    expires_at: datetime


def link_of(event: LinkRequested) -> tuple[LinkPurpose, MailLink]:
    """Return the link for the mail of ``event``, unsigned. It contains no secret and may be stored."""
    match event:
        case PasswordResetRequested():
            purpose: LinkPurpose = "password_reset"
        case EmailVerificationRequested():
            purpose = "email_verification"
        case StaffInvited():
            purpose = "staff_invitation"
    return purpose, MailLink(event.request_id, event.member_id, event.email, event.expires_at)


def make_link(issuer: Issuer, origin_url: str, purpose: LinkPurpose, link: MailLink) -> str:
    """Return the signed URL for the mail. Store it nowhere except in the message itself.

    Raises StatementInvalid if the request has ended: such a mail must not be sent.
    """
    valid_for = link.expires_at - now()
    if valid_for.total_seconds() <= 0:
        raise StatementInvalid("expired")
    claims = {"sub": str(link.member_id), "request": str(link.request_id), "email": link.email}
    token = issuer.issue(purpose, claims, valid_for=valid_for)
    return f"{origin_url.rstrip('/')}{PATH[purpose]}?token={quote(token, safe='')}"


def read_link(verifier: Verifier, purpose: LinkPurpose, token: str) -> MailLink:
    """Return the content of a link's statement. Raises StatementInvalid for an invalid one."""
    claims = verifier.verify(purpose, token)
    try:
        return MailLink(
            request_id=UUID(claims["request"]),
            member_id=UUID(claims["sub"]),
            email=str(claims["email"]),
            expires_at=datetime.fromtimestamp(claims["exp"], now().tzinfo),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise StatementInvalid("not a link of a mail") from error
