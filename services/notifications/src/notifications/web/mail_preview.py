"""プレビュー: every mail as it would look, with the golden event; nothing is sent."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from notifications.examples import example_of, example_order
from notifications.mail_files import MailFile
from notifications.templates import Rendered
from notifications.web.desk import CurrentDesk, CurrentPages, Desk, framed
from shared.errors import Refused
from shared.web.session import require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


@router.get("/desk/mails/preview")
async def list_previews(request: Request, desk: CurrentDesk, pages: CurrentPages) -> Response:
    """All mails, each with the subject it would have."""
    lines = [
        {
            "name": file.name,
            "title": file.title,
            "note": file.note,
            "subject": _example(desk, file).subject,
        }
        for file in desk.mails.files.values()
    ]
    return pages.render(request, "mail_previews.html", lines=lines)


@router.get("/desk/mails/preview/{mail}")
async def show_preview(request: Request, desk: CurrentDesk, pages: CurrentPages, mail: str) -> Response:
    """One mail with the golden event, as text and as HTML."""
    file = _file(desk, mail)
    words = _example(desk, file)
    return pages.render(
        request,
        "mail_preview.html",
        mail=file.name,
        title=file.title,
        note=file.note,
        subject=words.subject,
        text=words.text,
    )


@router.get("/desk/mails/preview/{mail}/html")
async def show_preview_html(desk: CurrentDesk, mail: str) -> Response:
    """The HTML, for the frame on the preview's page."""
    words = _example(desk, _file(desk, mail))
    return framed(desk.mails.html(words.subject, words.text))


def _file(desk: Desk, mail: str) -> MailFile:
    file = desk.mails.files.get(mail)
    if file is None:
        raise Refused("mail_unknown", "このメールはありません。", status=404)
    return file


def _example(desk: Desk, file: MailFile) -> Rendered:
    origin = desk.mails.shop.url
    return desk.mails.render(file, example_of(file.event, origin=origin), example_order(origin=origin))
