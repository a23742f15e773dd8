"""One mail: what it says, how it looks, which headers it has, and every try to send it."""

from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from notifications.mail_log.resend_mail import resend_mail
from notifications.mail_log.rows import one_mail, tries_of
from notifications.mail_log.words import STATES, audience_label, outcome_badge, reason_label, title_of
from notifications.mailing.delivery import RESENDABLE
from notifications.mailing.message import MailMalformed, build
from notifications.mailing.send_mail import letter_of
from notifications.mails.desk import Desk, framed
from notifications.mails.typed import shield
from shared.errors import Refused
from shared.sql import Row
from shared.web.deeds import done_by
from shared.web.parts import Here
from shared.web.session import Staff, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


@router.get("/desk/mails/{mail_id}")
async def show_mail(request: Request, parts: Here, mail_id: UUID) -> Response:
    """One mail with its tries."""
    async with parts.db.transaction() as tx:
        row = _found(await one_mail(tx, mail_id))
        tries = await tries_of(tx, mail_id)
    word, kind = STATES.of(row.state)
    return parts.pages.render(
        request,
        "mail_detail.html",
        id=row.mail_id,
        title=title_of(parts[Desk], row),
        subject=row.subject,
        recipient=row.recipient,
        audience=audience_label(row.audience),
        requested_by=row.requested_by,
        order_code=row.order_code,
        text=row.text,
        word=word,
        kind=kind,
        reason=reason_label(row.reason),
        created_at=row.created_at,
        due_at=row.due_at,
        resendable=row.state in RESENDABLE,
        letterhead=_headers(parts[Desk], row),
        tries=[_try(one) for one in tries],
    )


@router.get("/desk/mails/{mail_id}/html")
async def show_html(parts: Here, mail_id: UUID) -> Response:
    """The mail's HTML, for the frame on its page."""
    async with parts.db.transaction() as tx:
        row = _found(await one_mail(tx, mail_id))
    return framed(parts[Desk].mails.html(row.subject, shield(row.text, row.typed), row.language))


@router.post("/desk/mails/{mail_id}/resend")
async def resend(request: Request, parts: Here, staff: Staff, mail_id: UUID) -> Response:
    """Queue an undelivered mail anew."""
    async with parts.db.transaction() as tx:
        await resend_mail(tx, mail_id, deed=done_by(request, staff))
    return parts.pages.redirect(request, f"/desk/mails/{mail_id}", toast="再送待ちにしました", kind="note")


def _found(row: Row | None) -> Row:
    if row is None:
        raise Refused("mail_not_found", "このメールは見つかりません。", status=404)
    return row


def _headers(desk: Desk, row: Row) -> list[tuple[str, str]]:
    """The headers as sent, decoded; none for a mail that cannot be one, as without an address."""
    at = row.first_tried_at or row.created_at
    try:
        raw = build(letter_of(row, desk.mails, sender=desk.sender, at=at))
    except MailMalformed:
        return []
    return [(name, str(make_header(decode_header(value)))) for name, value in message_from_bytes(raw).items()]


def _try(row: Row) -> dict[str, Any]:
    word, kind = outcome_badge(row.outcome)
    return {
        "number": row.number,
        "started_at": row.started_at,
        "seconds": f"{(row.ended_at - row.started_at).total_seconds():.1f}" if row.ended_at else "",
        "word": word,
        "kind": kind,
        "code": row.code or "",
        "answer": row.answer or "",
    }
