"""メール送信記録: every mail, what became of it, and the undelivered ones to be sent again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from notifications.mail_log.resend_mail import resend_mails
from notifications.mail_log.rows import Search, count_by_state, count_mails, find_mails
from notifications.mail_log.words import STATES, TITLES, audience_label, reason_label, title_of
from notifications.mailing.delivery import RESENDABLE, UNDELIVERED, State
from notifications.mails.desk import Desk
from shared.sql import Row
from shared.web.deeds import done_by
from shared.web.filters import number
from shared.web.paging import Paging
from shared.web.parts import Here
from shared.web.session import Staff, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

# The saved searches above the list: key, label, states.
TABS: tuple[tuple[str, str, tuple[State, ...]], ...] = (
    ("", "すべて", ()),
    ("waiting", "送信待ち", ("queued", "sending")),
    ("undelivered", "未達", UNDELIVERED),
    ("sent", "送信済み", ("sent",)),
    ("suppressed", "送信なし", ("suppressed",)),
)


@router.get("/desk/mails")
async def show_log(
    request: Request,
    parts: Here,
    asked: Paging,
    state: str = "",
    mail: str = "",
    q: str = "",
) -> Response:
    """The log, newest first, by state, kind of mail, or part of an order code, a name or an address."""
    states = next((states for key, _, states in TABS if key == state), ())
    search = Search(states=states, mail=mail, words=q.strip())
    async with parts.db.transaction() as tx:
        counts = await count_by_state(tx)
        total = await count_mails(tx, search)
        found = await find_mails(tx, search, limit=asked.size, offset=asked.offset)
    return parts.pages.render(
        request,
        "mail_log.html",
        rows=[_line(parts[Desk], row) for row in found],
        page=asked.of(total),
        tabs=_tabs(counts, state),
        kinds=[*((kind.name, kind.title) for kind in parts[Desk].mails.kinds.values()), *TITLES.items()],
        state=state,
        mail=mail,
        q=q,
        any_mail=bool(counts),
    )


@router.get("/desk/mails/resend")
async def leave_resend(request: Request, parts: Here) -> Response:
    """Reload of a selection that was refused: back to the list."""
    return parts.pages.redirect(request, "/desk/mails")


@router.post("/desk/mails/resend")
async def resend_selected(
    request: Request,
    parts: Here,
    staff: Staff,
    id: Annotated[list[UUID], Form(max_length=200)],  # noqa: A002 - the selection bar's own name
) -> Response:
    """Queue the selected undelivered mails anew; says how many of the selected ones were not undelivered."""
    async with parts.db.transaction() as tx:
        queued = await resend_mails(tx, id, deed=done_by(request, staff))
    left = len(set(id)) - queued
    toast = f"{number(queued)}通を再送待ちにしました"
    if left:
        return parts.pages.redirect(request, "/desk/mails", toast=f"{toast}（{left}通は対象外）", kind="wait")
    return parts.pages.redirect(request, "/desk/mails", toast=toast)


def _tabs(counts: dict[str, int], current: str) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": f"?state={key}" if key else "?",
            "count": sum(counts.get(one, 0) for one in states or counts),
            "current": key == current,
        }
        for key, label, states in TABS
    ]


def _line(desk: Desk, row: Row) -> dict[str, Any]:
    word, kind = STATES.of(row.state)
    return {
        "id": row.mail_id,
        "title": title_of(desk, row),
        "recipient": row.recipient,
        "audience": audience_label(row.audience),
        "order_code": row.order_code,
        "subject": row.subject,
        "word": word,
        "kind": kind,
        "reason": reason_label(row.reason),
        "created_at": row.created_at,
        "due_at": row.due_at,
        "ended_at": row.ended_at,
        "resendable": row.state in RESENDABLE,
    }
