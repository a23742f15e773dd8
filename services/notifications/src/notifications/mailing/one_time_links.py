"""One-time links: the stored request of a mail, and the address that is signed for the sent message."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from shared.events import Event
from shared.shop.mail_links import LinkPurpose, LinkRequested, MailLink, link_of, make_link
from shared.shop.statements import Issuer


class KeptLink(TypedDict):
    """The stored part of a one-time link: its request as JSON. It opens nothing."""

    purpose: LinkPurpose
    request_id: str
    member_id: str
    email: str
    expires_at: str


def kept_of(event: Event) -> KeptLink | None:
    """Return the stored part of the link in the mail of ``event``. Return None if it has no link."""
    if not isinstance(event, LinkRequested):
        return None
    purpose, link = link_of(event)
    return {
        "purpose": purpose,
        "request_id": str(link.request_id),
        "member_id": str(link.member_id),
        "email": link.email,
        "expires_at": link.expires_at.isoformat(),
    }


@dataclass(frozen=True)
class OneTimeLinks:
    """Signs links for notifications. ``origin_url`` is the address that browsers see."""

    issuer: Issuer
    origin_url: str

    def sign(self, kept: KeptLink) -> str:
        """Return the address, for the sent message alone. Raises StatementInvalid once the request has expired."""
        link = MailLink(
            request_id=UUID(kept["request_id"]),
            member_id=UUID(kept["member_id"]),
            email=kept["email"],
            expires_at=datetime.fromisoformat(kept["expires_at"]),
        )
        return make_link(self.issuer, self.origin_url, kept["purpose"], link)
