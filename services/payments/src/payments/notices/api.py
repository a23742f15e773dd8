"""The routes for notices of providers. A notice is proved, stored, committed and answered; workers act on it."""

from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from payments.methods.registry import Methods
from payments.notices.rows import can_be_matched, insert_notice, insert_unreadable
from payments.providers.provider import NoticeRefused, Provider
from shared.clock import now
from shared.crash import crash_point
from shared.web.parts import CurrentParts, Parts

log = structlog.get_logger()


def address(provider: Provider) -> str:
    """Return the path to which the provider posts notices about all its methods."""
    return f"/payments/{provider.path}/notices"


def router(methods: Methods) -> APIRouter:
    """Return a route for each provider."""
    routes = APIRouter(include_in_schema=False)
    for provider in methods.providers:
        routes.add_api_route(address(provider), _receiver(provider), methods=["POST"])
    return routes


def _receiver(provider: Provider) -> Callable[[Request, Parts], Awaitable[Response]]:
    async def _refuse(parts: Parts, body: bytes, status: int, *, keep: bool) -> Response:
        if keep:
            async with parts.db.transaction() as tx:
                await insert_unreadable(tx, provider.name, body, now())
        return PlainTextResponse("refused", status_code=status)

    async def receive_notice(request: Request, parts: CurrentParts) -> Response:
        """Answer 200, but only after the commit. A notice that is sent again is stored once and gets the same answer.

        A genuine notice that nobody can read is kept for staff, and refused: a repetition would not be clearer.
        """
        body = await request.body()
        try:
            notice = await provider.read_notice(request.headers, body)
        except NoticeRefused as refusal:
            log.warning("notice.refused", provider=provider.name, code=refusal.code, genuine=refusal.genuine)
            return await _refuse(parts, body, refusal.status, keep=refusal.genuine)
        if not can_be_matched(notice):
            log.warning("notice.refused", provider=provider.name, code="ids_unreadable", genuine=True)
            return await _refuse(parts, body, 400, keep=True)
        crash_point("K14")
        async with parts.db.transaction() as tx:
            fresh = await insert_notice(tx, provider.name, notice, body, now())
        crash_point("K15")
        log.info("notice.stored", provider=provider.name, reference=notice.reference, fresh=fresh)
        return PlainTextResponse("OK")

    return receive_notice
