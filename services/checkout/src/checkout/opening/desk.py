"""開店準備: one page with everything that still keeps the shop from opening (SHO-06)."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.opening.mails import mail_step
from checkout.order_desk.health_of_services import HealthOfServices
from checkout.shop.front import Opening
from shared.web.opening import find_opening_steps
from shared.web.parts import CurrentParts
from shared.web.session import needs

router = APIRouter(include_in_schema=False)

PATH = "/desk/shop/opening"


@router.get(PATH, dependencies=[needs("read_settings")])
async def show_opening(request: Request, parts: CurrentParts) -> Response:
    """Show each step with its state and the page where it is done."""
    async with parts.db.transaction() as tx:
        told = [step for tell in find_opening_steps("checkout") for step in await tell(tx)]
    health = await parts[HealthOfServices].read(request.cookies)
    steps = sorted([*told, mail_step(health.get("notifications"))], key=lambda step: step.place)
    return parts.pages.render(
        request,
        "desk_opening.html",
        steps=steps,
        live=parts[Opening].live,
        blocked=[step for step in steps if step.blocks and not step.is_done],
        left=[step for step in steps if not step.is_done],
    )
