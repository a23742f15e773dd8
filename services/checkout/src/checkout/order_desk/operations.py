"""運用: what waits for somebody, how each service stands, and where to look further."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.order_desk.search import count_tabs, processed_but_unpaid
from checkout.order_desk.standings import Standings
from shared.web.operations import Operations, Standing
from shared.web.parts import Here
from shared.web.session import require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

OVERDUE_SECONDS = 120
"""What waits comes back within moments; later than this something stands in its way."""
UNSENT_SECONDS = 30
"""An event leaves within a second; one that is older tells of a relay or a broker that is down."""
SERVICES = {
    "checkout": "受注",
    "payments": "決済",
    "members": "会員",
    "notifications": "通知",
}


@router.get("/desk/operations")
async def show_operations(request: Request, parts: Here) -> Response:
    """Counts of work that is left, and of what goes wrong in each service."""
    async with parts.db.transaction() as tx:
        counts = await count_tabs(tx)
        missed = await processed_but_unpaid(tx)
    standings = {
        "checkout": await parts[Operations].standing(),
        **await parts[Standings].read(request.cookies),
    }
    return parts.pages.render(
        request,
        "desk_operations.html",
        counts=counts,
        missed=len(missed),
        attention=_figure(standings, "payments", "attention"),
        undelivered=_figure(standings, "notifications", "undelivered"),
        mails_stuck=_figure(standings, "notifications", "mails_stuck"),
        shop_refused=_figure(standings, "notifications", "mails_shop_refused"),
        unsent=sum(one.unsent for one in standings.values() if one),
        stopped=any(_stopped(one) for one in standings.values() if one),
        services=[_line(SERVICES.get(name, name), one) for name, one in standings.items()],
    )


def _figure(standings: Mapping[str, Standing | None], service: str, name: str) -> int | None:
    """Return a figure of a service, None if it did not say it."""
    standing = standings.get(service)
    return standing.figures.get(name) if standing else None


def _stopped(standing: Standing) -> bool:
    return standing.unsent_seconds > UNSENT_SECONDS


def _line(title: str, standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {"title": title, "silent": True}
    return {
        "title": title,
        "silent": False,
        "unsent": standing.unsent,
        "stopped_seconds": standing.unsent_seconds if _stopped(standing) else 0,
        "late": sorted(standing.late.items()),
        "waiting": standing.waiting,
        "overdue_minutes": standing.overdue_seconds // 60
        if standing.overdue_seconds > OVERDUE_SECONDS
        else 0,
        "dead": None if standing.dead_letters is None else sorted(standing.dead_letters.items()),
    }
