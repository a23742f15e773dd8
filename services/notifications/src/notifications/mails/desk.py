"""What the pages of this service share: its rows, its mails, and the words for their states."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import HTMLResponse

from notifications.mails.audience import AUDIENCES
from notifications.mails.files import MailKind
from notifications.mails.rendering import Mails
from notifications.mails.sender import Sender
from notifications.previews.send_test_mail import TEST_MAIL
from shared.database import Database
from shared.errors import Refused
from shared.sql import Row
from shared.web.pages import Pages

# What staff call the mails that no file is the kind of.
TITLES = {TEST_MAIL: "テスト送信"}
# State -> word and kind of badge (shared/web/README.md).
STATES = {
    "queued": ("送信待ち", "wait"),
    "sending": ("送信中", "wait"),
    "sent": ("送信済み", "done"),
    "refused": ("未達", "stop"),
    "gave_up": ("送信断念", "stop"),
    "suppressed": ("送信なし", "plain"),
}
REASONS = {
    "method_without_deposit_mail": "このお支払い方法では、ご入金確認メールを送信しません",
    "switched_off": "メール設定が「利用しない」になっています",
    "sent_by_software": "受注管理ソフトから送信します",
    "no_address": "送信できるメールアドレスがありません",
    "order_cancelled": "ご注文がキャンセルされたため、送信しません",
    "link_expired": "リンクの有効期限が過ぎたため、送信しません",
    "too_many_to_recipient": "同じ宛先へのメールが多すぎるため、送信しません",
    "paced": "同じ宛先へのメールが続いているため、時間をおいて送信します",
}
OUTCOMES = {
    "Accepted": ("受け付けられました", "done"),
    "Later": ("今は受け付けられませんでした", "wait"),
    "Unknown": ("応答がなく、結果が分かりません", "wait"),
    "RefusedByServer": ("拒否されました", "stop"),
    None: ("結果が記録されていません", "wait"),
}

# The mail is shown as it is, styles inside, but can run nothing, load nothing and lead nowhere.
FRAME_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'self'; sandbox"
    ),
    "x-frame-options": "SAMEORIGIN",
}


@dataclass(frozen=True)
class Desk:
    """What the pages work on. ``sender`` is who mails are from."""

    db: Database
    mails: Mails
    sender: Sender

    def title(self, mail: str) -> str:
        """Return what staff call a kind of mail; one whose file is gone keeps its name."""
        kind = self.mails.kinds.get(mail)
        return kind.title if kind else TITLES.get(mail, mail)

    def title_of(self, row: Row) -> str:
        """Return what staff call the mail of a row."""
        return row.title or self.title(row.mail)


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


CurrentDesk = Annotated[Desk, Depends(_desk)]
CurrentPages = Annotated[Pages, Depends(_pages)]


def audience_label(code: str) -> str:
    """Return what staff call an audience; one that this release does not know keeps its code."""
    known = AUDIENCES.get(code)
    return known.label if known else code


def kind_of(desk: Desk, mail: str) -> MailKind:
    """Return the kind of mail called ``mail``. Raises Refused (404)."""
    kind = desk.mails.kinds.get(mail)
    if kind is None:
        raise Refused("mail_unknown", "このメールはありません。", status=404)
    return kind


def framed(html: str) -> HTMLResponse:
    """Return a mail's HTML for an ``<iframe sandbox>`` on our own pages."""
    return HTMLResponse(html, headers=FRAME_HEADERS)
