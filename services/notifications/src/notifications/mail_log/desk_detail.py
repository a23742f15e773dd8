"""One mail: its text, its HTML, its headers, and every try to send it."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from notifications.mail_log.correct_address import correct_address, is_about_an_account, may_correct
from notifications.mail_log.labels import STATES, audience_label, outcome_badge, reason_label, title_of
from notifications.mail_log.resend_mail import resend_mail
from notifications.mail_log.rows import MailTry, tries_of
from notifications.mailing.delivery import RESENDABLE
from notifications.mailing.message import MailMalformed, build
from notifications.mailing.rows import StoredMail, one_mail
from notifications.mailing.send_mail import letter_of
from notifications.mails.desk import Desk, framed
from notifications.mails.typed import shield
from shared.errors import Refused
from shared.shop.labels import Mark
from shared.web.deeds import done_by
from shared.web.fields import Email
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)


class AddressForm(BaseModel):
    """The correct address of the buyer."""

    email: Email = Field(
        title="正しいメールアドレス",
        description="このメールを送り直します。このご注文について今後お送りするメールも、この宛先に届きます。",
    )


@router.get("/desk/mails/{mail_id}", dependencies=[needs("read_mails")])
async def show_mail(request: Request, parts: CurrentParts, mail_id: UUID) -> Response:
    """Show one mail with its tries."""
    return await _page(request, parts, mail_id, Form(AddressForm))


async def _page(
    request: Request,
    parts: Parts,
    mail_id: UUID,
    form: Form[AddressForm],
    *,
    status: int = 200,
) -> Response:
    async with parts.db.transaction() as tx:
        mail = _found(await one_mail(tx, mail_id))
        tries = await tries_of(tx, mail_id)
    word, kind = STATES.of(mail.state)
    return parts.pages.render(
        request,
        "mail_detail.html",
        status=status,
        form=form,
        may_correct=may_correct(mail),
        of_an_account=is_about_an_account(mail) and mail.state in RESENDABLE,
        id=mail.mail_id,
        title=title_of(parts[Desk], mail),
        subject=mail.subject,
        recipient=mail.recipient,
        audience=audience_label(mail.audience),
        requested_by=mail.requested_by,
        order_code=mail.order_code,
        text=mail.text,
        word=word,
        kind=kind,
        reason=reason_label(mail.reason),
        created_at=mail.created_at,
        due_at=mail.due_at,
        resendable=mail.state in RESENDABLE,
        letterhead=_headers(parts[Desk], mail),
        tries=[_try(one) for one in tries],
    )


@router.get("/desk/mails/{mail_id}/html", dependencies=[needs("read_mails")])
async def show_html(parts: CurrentParts, mail_id: UUID) -> Response:
    """Return the mail's HTML for the frame on its page."""
    async with parts.db.transaction() as tx:
        mail = _found(await one_mail(tx, mail_id))
    return framed(parts[Desk].mails.html(mail.subject, shield(mail.text, mail.typed), mail.language))


@router.post("/desk/mails/{mail_id}/resend", dependencies=[needs("send_mails")])
async def resend(request: Request, parts: CurrentParts, staff: Staff, mail_id: UUID) -> Response:
    """Queue an undelivered mail again."""
    async with parts.db.transaction() as tx:
        await resend_mail(tx, mail_id, deed=done_by(request, staff))
    return parts.pages.redirect(request, f"/desk/mails/{mail_id}", toast="再送待ちにしました", kind="note")


@router.post("/desk/mails/{mail_id}/address", dependencies=[needs("send_mails")])
async def correct(request: Request, parts: CurrentParts, staff: Staff, mail_id: UUID) -> Response:
    """Send an undelivered mail about an order to the corrected address."""
    form = await read_form(request, AddressForm)
    if form.errors:
        return await _page(request, parts, mail_id, form, status=422)
    async with parts.db.transaction() as tx:
        await correct_address(tx, mail_id, to=form.value.email, deed=done_by(request, staff))
    toast = "宛先を訂正し、再送待ちにしました"
    return parts.pages.redirect(request, f"/desk/mails/{mail_id}", toast=toast, kind="note")


def _found(mail: StoredMail | None) -> StoredMail:
    if mail is None:
        raise Refused("mail_not_found", "このメールは見つかりません。", status=404)
    return mail


def _headers(desk: Desk, mail: StoredMail) -> list[tuple[str, str]]:
    """Return the sent headers, decoded.

    Return an empty list for a mail that cannot be built, such as one without an address.
    """
    at = mail.first_tried_at or mail.created_at
    try:
        raw = build(letter_of(mail, desk.mails, sender=desk.sender, at=at))
    except MailMalformed:
        return []
    return [(name, str(make_header(decode_header(value)))) for name, value in message_from_bytes(raw).items()]


@dataclass(frozen=True, slots=True)
class TryLine:
    """A try as the page shows it."""

    number: int
    started_at: datetime
    seconds: str
    word: str
    kind: Mark
    code: int | str
    answer: str


def _try(one: MailTry) -> TryLine:
    word, kind = outcome_badge(one.outcome)
    return TryLine(
        one.number,
        one.started_at,
        seconds=f"{(one.ended_at - one.started_at).total_seconds():.1f}" if one.ended_at else "",
        word=word,
        kind=kind,
        code=one.code or "",
        answer=one.answer or "",
    )
