"""メッセージセンター: what a buyer was told by mail, to be read on the site too (KON-12, NTF-16)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.mails.desk import CurrentDesk, CurrentPages
from notifications.mails.html import Block, blocks, inline_on_page, parts
from notifications.mails.typed import shield
from notifications.message_centre.rows import mails_of_order
from notifications.orders.rows import belongs_to
from shared.clock import now
from shared.errors import Refused
from shared.statements import COOKIE, StatementInvalid
from shared.web.cookies import Cookies
from shared.web.session import CurrentViewer, Sessions, SignInNeeded

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A mail as the page shows it."""

    subject: str
    blocks: list[Block]
    at: datetime


@router.get("/notifications/orders/{code}")
async def show_messages(
    request: Request, desk: CurrentDesk, pages: CurrentPages, seen: CurrentViewer, code: str
) -> Response:
    """The mails of an order, newest first, whether or not they arrived; for its buyer alone.

    Its buyer is the member whose order it is, or the browser that checkout says has placed it.
    """
    ours = code in orders_of_browser(request)
    if not ours and not seen.signed_in:
        raise SignInNeeded("/members/login", request.url.path)
    async with desk.db.transaction() as tx:
        if not ours and not await belongs_to(tx, code, UUID(seen.member_id)):
            raise Refused("order_not_found", "このご注文は見つかりません。", status=404)
        found = await mails_of_order(tx, code, at=now())
    messages = [
        Message(
            told.subject,
            blocks=list(blocks(parts(shield(told.text, told.typed))[0])),
            at=told.ended_at or told.created_at,
        )
        for told in found
    ]
    return pages.render(request, "messages.html", code=code, messages=messages, inline=inline_on_page)


def orders_of_browser(request: Request) -> list[str]:
    """Return the codes of the orders placed with this browser, as checkout vouches for them."""
    cookies: Cookies = request.app.state.cookies
    sessions: Sessions = request.app.state.sessions
    statement = cookies.read(request, COOKIE["order"])
    if not statement:
        return []
    try:
        codes = sessions.verifier.verify("order", statement).get("codes")
    except StatementInvalid:
        return []
    return codes if isinstance(codes, list) else []
