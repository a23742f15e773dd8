"""メッセージセンター: buyers read their mails on the site too (KON-12, NTF-16)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.mails.html import Block, blocks, body_and_signature, inline_on_page
from notifications.mails.typed import shield
from notifications.message_centre.rows import mails_of_order
from notifications.orders.rows import belongs_to, page_key_of
from shared.clock import now
from shared.errors import Refused
from shared.shop.orders_in_browser import OrdersInBrowser
from shared.web.parts import CurrentParts
from shared.web.session import CurrentViewer, SignInNeeded

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A mail as the page shows it."""

    subject: str
    blocks: list[Block]
    at: datetime


@router.get("/notifications/orders/{code}")
async def show_messages(request: Request, parts: CurrentParts, viewer: CurrentViewer, code: str) -> Response:
    """Show the mails of an order to its buyer, newest first, whether or not they were delivered.

    The buyer is the order's member. A browser that placed or opened the order may also see them, if checkout confirms
    it.
    """
    async with parts.db.transaction() as tx:
        key = await page_key_of(tx, code)
    ours = OrdersInBrowser.of_claims(parts.claims(request, "order")).shows(code, key)
    if not ours and not viewer.signed_in:
        raise SignInNeeded("/members/login", request.url.path)
    async with parts.db.transaction() as tx:
        if not ours and not await belongs_to(tx, code, UUID(viewer.member_id)):
            raise Refused("order_not_found", "このご注文は見つかりません。", status=404)
        found = await mails_of_order(tx, code, at=now())
    messages = [
        Message(
            told.subject,
            blocks=list(blocks(body_and_signature(shield(told.text, told.typed))[0])),
            at=told.ended_at or told.created_at,
        )
        for told in found
    ]
    return parts.pages.render(request, "messages.html", code=code, messages=messages, inline=inline_on_page)
