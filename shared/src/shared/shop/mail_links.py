"""One-time links in mails: notifications signs them at the moment of sending, members honours each once.

The event that asks for a mail carries only the id of a request, so that no queue, outbox or log ever holds what
opens an account. The link holds a signed statement about that request (:mod:`shared.shop.statements`): of notifications,
for one purpose, for one address, until the request ends. Members keeps the request and uses it up.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from shared.clock import now
from shared.events import EmailVerificationRequested, PasswordResetRequested
from shared.shop.statements import Issuer, StatementInvalid, Verifier

LinkPurpose = Literal["password_reset", "email_verification"]
PATH: dict[LinkPurpose, str] = {
    "password_reset": "/members/password/reset",
    "email_verification": "/members/verify-email",
}


@dataclass(frozen=True, slots=True)
class MailLink:
    """What a link says: which request of which member, and the address that it was mailed to."""

    request_id: UUID
    member_id: UUID
    email: str
    expires_at: datetime


def link_of(event: PasswordResetRequested | EmailVerificationRequested) -> tuple[LinkPurpose, MailLink]:
    """Return what the mail for ``event`` has to link to. It holds no secret and may be stored."""
    purpose: LinkPurpose = (
        "password_reset" if isinstance(event, PasswordResetRequested) else "email_verification"
    )
    return purpose, MailLink(event.request_id, event.member_id, event.email, event.expires_at)


def make_link(issuer: Issuer, origin_url: str, purpose: LinkPurpose, link: MailLink) -> str:
    """Return the address to put into the mail, signed now. Keep it nowhere but in the message itself.

    Raises StatementInvalid once the request has ended: a mail with a dead link is not worth sending.
    """
    valid_for = link.expires_at - now()
    if valid_for.total_seconds() <= 0:
        raise StatementInvalid("expired")
    claims = {"sub": str(link.member_id), "request": str(link.request_id), "email": link.email}
    token = issuer.issue(purpose, claims, valid_for=valid_for)
    return f"{origin_url.rstrip('/')}{PATH[purpose]}?token={quote(token, safe='')}"


def read_link(verifier: Verifier, purpose: LinkPurpose, token: str) -> MailLink:
    """Return what the statement of a link says. Raises StatementInvalid for any that does not hold."""
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
