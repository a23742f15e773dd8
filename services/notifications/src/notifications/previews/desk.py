"""プレビュー: every mail rendered with the example event, and a test of it to an address that staff enter."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from notifications.mails.audience import JAPANESE
from notifications.mails.desk import Desk, framed, kind_of
from notifications.mails.files import MailKind
from notifications.previews.labels import LANGUAGES
from notifications.previews.send_test_mail import example_words, send_test_mail
from shared.ids import new_id
from shared.web.deeds import done_by
from shared.web.fields import Email
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)


class TestForm(BaseModel):
    """The address of a test. ``request_id`` belongs to the page, so that two clicks send one mail."""

    to: Email = Field(title="テスト送信の宛先")
    request_id: UUID = Field(title="送信の番号")


@router.get("/desk/mails/preview", dependencies=[needs("read_mails")])
async def list_previews(request: Request, parts: CurrentParts) -> Response:
    """Show all mails, each with its example subject."""
    lines = [
        {
            "name": kind.name,
            "title": kind.title,
            "note": kind.note,
            "subject": example_words(parts[Desk].mails, kind, JAPANESE).subject,
        }
        for kind in parts[Desk].mails.kinds.values()
    ]
    return parts.pages.render(request, "mail_previews.html", lines=lines)


@router.get("/desk/mails/preview/{mail}", dependencies=[needs("read_mails")])
async def show_preview(
    request: Request, parts: CurrentParts, mail: str, language: str = JAPANESE
) -> Response:
    """Show one mail with the example event, as text and as HTML, in one of its languages."""
    form = Form(TestForm, {"request_id": new_id()})
    return _page(request, parts, kind_of(parts[Desk], mail), language, form)


@router.get("/desk/mails/preview/{mail}/html", dependencies=[needs("read_mails")])
async def show_preview_html(parts: CurrentParts, mail: str, language: str = JAPANESE) -> Response:
    """Return the HTML for the frame on the preview's page."""
    words = example_words(parts[Desk].mails, kind_of(parts[Desk], mail), language)
    return framed(parts[Desk].mails.html(words.subject, words.shielded, words.language))


@router.post("/desk/mails/preview/{mail}/test", dependencies=[needs("send_mails")])
async def send_test(
    request: Request,
    parts: CurrentParts,
    staff: Staff,
    mail: str,
    language: str = JAPANESE,
) -> Response:
    """テスト送信: send the shown mail to the entered address."""
    kind = kind_of(parts[Desk], mail)
    form = await read_form(request, TestForm)
    if form.errors:
        return _page(request, parts, kind, language, form, status=422)
    async with parts.db.transaction() as tx:
        mail_id = await send_test_mail(
            tx,
            parts[Desk].mails,
            kind,
            language=language,
            to=form.value.to,
            deed=done_by(request, staff),
            request_id=form.value.request_id,
        )
    return parts.pages.redirect(
        request, f"/desk/mails/{mail_id}", toast="テストメールを送信待ちにしました", kind="note"
    )


def _page(
    request: Request,
    parts: Parts,
    kind: MailKind,
    language: str,
    form: Form[TestForm],
    *,
    status: int = 200,
) -> Response:
    words = example_words(parts[Desk].mails, kind, language)
    return parts.pages.render(
        request,
        "mail_preview.html",
        status=status,
        mail=kind.name,
        title=kind.title,
        note=kind.note,
        audience=kind.audience.label,
        subject=words.subject,
        text=words.text,
        language=words.language,
        languages=_languages(kind, words.language),
        form=form,
    )


def _languages(kind: MailKind, current: str) -> list[dict[str, Any]]:
    """Return the selectable languages. Return an empty list if there is only one."""
    if len(kind.files) < 2:
        return []
    return [
        {"label": LANGUAGES.of(code), "href": f"?language={code}", "current": code == current}
        for code in kind.files
    ]
