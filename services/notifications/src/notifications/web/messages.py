"""メッセージセンター: what a buyer was told by mail, to be read on the site too (KON-12, NTF-16)."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.html_mail import blocks, inline_on_page
from notifications.storage.contacts import belongs_to
from notifications.storage.mails import mails_of_order
from notifications.web.desk import CurrentDesk, CurrentPages
from shared.clock import now
from shared.errors import Refused
from shared.web.session import Member

router = APIRouter()


@router.get("/notifications/orders/{code}")
async def show_messages(
    request: Request, desk: CurrentDesk, pages: CurrentPages, member: Member, code: str
) -> Response:
    """The mails of one of the member's own orders, newest first, whether or not they arrived."""
    async with desk.db.transaction() as tx:
        if not await belongs_to(tx, code, UUID(member.member_id)):
            raise Refused("order_not_found", "このご注文は見つかりません。", status=404)
        found = await mails_of_order(tx, code, at=now())
    messages = [
        {
            "subject": row.subject,
            "blocks": list(blocks(row.text.partition("\n----\n")[0])),
            "at": row.ended_at or row.created_at,
        }
        for row in found
    ]
    return pages.render(request, "messages.html", code=code, messages=messages, inline=inline_on_page)
