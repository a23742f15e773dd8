"""運用: open work, the state of each service, and links to more."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.order_desk.health_of_services import HealthOfServices
from checkout.order_desk.labels import SERVICE_LABEL
from checkout.order_desk.search import count_tabs, processed_but_unpaid
from shared.web.operations import Operations, ServiceHealth
from shared.web.parts import CurrentParts
from shared.web.session import needs

router = APIRouter(include_in_schema=False)

OVERDUE_SECONDS = 120
"""Due work runs within moments. Work that is overdue by more has a problem."""
UNSENT_SECONDS = 30
"""The relay sends an event within a second. An older event means that the relay or the broker is down."""


@router.get("/desk/operations", dependencies=[needs("read_operations")])
async def show_operations(request: Request, parts: CurrentParts) -> Response:
    """Show the counts of open work and of problems in each service."""
    async with parts.db.transaction() as tx:
        counts = await count_tabs(tx)
        missed = await processed_but_unpaid(tx)
    health = {
        "checkout": await parts[Operations].health(),
        **await parts[HealthOfServices].read(request.cookies),
    }
    return parts.pages.render(
        request,
        "desk_operations.html",
        counts=counts,
        missed=len(missed),
        attention=_figure(health, "payments", "attention"),
        undelivered=_figure(health, "notifications", "undelivered"),
        mails_stuck=_figure(health, "notifications", "mails_stuck"),
        shop_refused=_figure(health, "notifications", "mails_shop_refused"),
        nothing_offered=_figure(health, "payments", "methods_offered") == 0,
        unsent=sum(one.unsent for one in health.values() if one),
        stopped=any(_stopped(one) for one in health.values() if one),
        services=[_line(SERVICE_LABEL.of(name), one) for name, one in health.items()],
    )


def _figure(health: Mapping[str, ServiceHealth | None], service: str, name: str) -> int | None:
    """Return a figure of a service. Return None if the service did not report it."""
    one = health.get(service)
    return one.figures.get(name) if one else None


def _stopped(one: ServiceHealth) -> bool:
    return one.unsent_seconds > UNSENT_SECONDS


def _line(title: str, one: ServiceHealth | None) -> dict[str, Any]:
    if one is None:
        return {"title": title, "silent": True}
    return {
        "title": title,
        "silent": False,
        "unsent": one.unsent,
        "stopped_seconds": one.unsent_seconds if _stopped(one) else 0,
        "late": sorted(one.late.items()),
        "waiting": one.waiting,
        "overdue_minutes": one.overdue_seconds // 60 if one.overdue_seconds > OVERDUE_SECONDS else 0,
        "dead": None if one.dead_letters is None else sorted(one.dead_letters.items()),
    }
