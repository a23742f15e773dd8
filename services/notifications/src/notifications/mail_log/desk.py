"""メール送信記録: every mail with its outcome. Staff send undelivered ones again here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from pydantic import Field as FilterField
from starlette.responses import Response

from notifications.mail_log.labels import STATES, TITLES, audience_label, reason_label, title_of
from notifications.mail_log.resend_mail import resend_mails
from notifications.mail_log.rows import LoggedMail, Search, count_by_state, count_mails, find_mails
from notifications.mailing.delivery import RESENDABLE, UNDELIVERED, State
from notifications.mails.audience import AUDIENCES
from notifications.mails.desk import Desk
from shared.events import MailSettingsChanged
from shared.web.cells import Cell, at, badge, hint, link, text
from shared.web.deeds import done_by
from shared.web.fields import Line
from shared.web.filters import number
from shared.web.lists import Column, DeskList, SearchBox, Tabs
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.saved_searches import SavedSearches
from shared.web.session import Staff, needs
from shared.web.settings_forms import AtDesk

KindFilter = Annotated[str, FilterField(max_length=100)]
router = APIRouter(include_in_schema=False)

STATES_OF: Mapping[str, Sequence[State]] = {
    "": (),
    "waiting": ("queued", "sending"),
    "undelivered": UNDELIVERED,
    "sent": ("sent",),
    "suppressed": ("suppressed",),
}
"""The states of the mails of each tab; empty for all."""


class MailFilters(BaseModel):
    """The filters: a kind of mail, and a part of an order code, a name or an address."""

    q: Line = FilterField("", title="検索する言葉", max_length=100)
    mail: KindFilter = FilterField("", title="メールの種類")


@dataclass(frozen=True)
class MailLine:
    """A mail of the log, with the name of its kind for staff."""

    mail: LoggedMail
    title: str

    @property
    def path(self) -> str:
        """Return the path of its page."""
        return f"{MAILS.path}/{self.mail.mail_id}"


def _recipient(line: MailLine) -> Cell:
    audience = audience_label(line.mail.audience)
    recipient = text(line.mail.recipient)
    return recipient if audience == AUDIENCES["customer"].label else (recipient, hint(text(audience)))


def _order(line: MailLine) -> Cell:
    code = line.mail.order_code
    return link(code, f"/desk/orders/{code}", is_code=True) if code else text("")


def _state(line: MailLine) -> Cell:
    mail, reason = line.mail, reason_label(line.mail.reason)
    more = [text(reason)] if reason else []
    if mail.due_at:
        more += [at(mail.due_at), text("送信予定")]
    elif mail.ended_at and not reason:
        more.append(at(mail.ended_at))
    return (badge(STATES.of(mail.state)), hint(*more))


MAILS = DeskList[MailFilters, MailLine](
    path="/desk/mails",
    filters=MailFilters,
    columns=[
        Column("受付日時", lambda one: at(one.mail.created_at)),
        Column("メール", lambda one: link(one.title, one.path), css="wraps card-who"),
        Column("宛先", _recipient),
        Column("注文番号", _order),
        Column("状態", _state, css="wraps card-state"),
    ],
    href=lambda one: one.path,
    tabs=Tabs(
        "state",
        {
            "": "すべて",
            "waiting": "送信待ち",
            "undelivered": "未達",
            "sent": "送信済み",
            "suppressed": "送信なし",
        },
    ),
    search=SearchBox("注文番号・氏名・メールアドレスの一部"),
)
SEARCHES = SavedSearches(MAILS, partial(AtDesk.of, MailSettingsChanged))
router.include_router(SEARCHES.router())


@router.get(MAILS.path, dependencies=[needs("read_mails")])
async def show_log(request: Request, parts: CurrentParts, paging: Paging, staff: Staff) -> Response:
    """Show the log, newest first, by state, kind of mail, or part of an order code, a name or an address."""
    asked, desk = MAILS.read(request, paging), parts[Desk]
    search = Search(states=STATES_OF[asked.tab], mail=asked.filters.mail, words=asked.filters.q)
    async with parts.db.transaction() as tx:
        counts = await count_by_state(tx)
        saved = await SEARCHES.shown(tx, asked, staff)
        total = await count_mails(tx, search)
        found = await find_mails(tx, search, limit=paging.size, offset=paging.offset)
    kinds = [*((kind.name, kind.title) for kind in desk.mails.kinds.values()), *TITLES.items()]
    return parts.pages.render(
        request,
        "mail_log.html",
        status=asked.status,
        list=MAILS.shown(
            asked,
            [MailLine(mail, title_of(desk, mail)) for mail in found],
            total,
            counts={
                tab: sum(counts.get(one, 0) for one in states or counts) for tab, states in STATES_OF.items()
            },
            options={"mail": kinds},
            select=lambda one: (
                str(one.mail.mail_id) if one.mail.state in RESENDABLE and staff.may("send_mails") else ""
            ),
        ),
        saved=saved,
        any_mail=bool(counts),
    )


@router.get("/desk/mails/resend", dependencies=[needs("read_mails")])
async def leave_resend(request: Request, parts: CurrentParts) -> Response:
    """Redirect a reload after a refused selection back to the list."""
    return parts.pages.redirect(request, "/desk/mails")


@router.post("/desk/mails/resend", dependencies=[needs("send_mails")])
async def resend_selected(
    request: Request,
    parts: CurrentParts,
    staff: Staff,
    id: Annotated[list[UUID], Form(max_length=200)],  # noqa: A002 - the selection bar's own name
) -> Response:
    """Queue the selected undelivered mails again. Show how many of the selected ones were not undelivered."""
    async with parts.db.transaction() as tx:
        queued = await resend_mails(tx, id, deed=done_by(request, staff))
    left = len(set(id)) - queued
    toast = f"{number(queued)}通を再送待ちにしました"
    if left:
        return parts.pages.redirect(request, "/desk/mails", toast=f"{toast}（{left}通は対象外）", kind="wait")
    return parts.pages.redirect(request, "/desk/mails", toast=toast)
