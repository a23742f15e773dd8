"""The common parts of this service's pages: rows, mails, and mails shown on a page."""

from dataclasses import dataclass

from starlette.responses import HTMLResponse

from notifications.mails.files import MailKind
from notifications.mails.rendering import Mails
from notifications.mails.sender import Sender
from shared.errors import Refused

# The mail is shown unchanged with its styles. It cannot run code, load resources or follow links.
FRAME_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'self'; sandbox"
    ),
    "x-frame-options": "SAMEORIGIN",
}


@dataclass(frozen=True)
class Desk:
    """The resources of the pages. ``sender`` is the sender of mails."""

    mails: Mails
    sender: Sender

    def title(self, mail: str) -> str:
        """Return the name of a kind of mail for staff. A kind without a file is shown by its code."""
        kind = self.mails.kinds.get(mail)
        return kind.title if kind else mail


def kind_of(desk: Desk, mail: str) -> MailKind:
    """Return the kind of mail called ``mail``. Raises Refused (404)."""
    kind = desk.mails.kinds.get(mail)
    if kind is None:
        raise Refused("mail_unknown", "このメールはありません。", status=404)
    return kind


def framed(html: str) -> HTMLResponse:
    """Return a mail's HTML for an ``<iframe sandbox>`` on the shop's pages."""
    return HTMLResponse(html, headers=FRAME_HEADERS)
