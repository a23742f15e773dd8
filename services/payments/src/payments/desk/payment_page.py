"""The page of one payment: its state, its history, and a deed for every situation in which it waits."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from payments.desk.call_labels import calls
from payments.desk.deeds import DEEDS
from payments.desk.do_payment_deed import do_payment_deed
from payments.desk.facts import facts
from payments.desk.offers import ASKS_REFUND, contraries, objects_of_other_orders, offers
from payments.desk.payment_forms import payment_forms
from payments.desk.rows import find_orders_of_receipts, payment_story
from payments.desk.story_labels import story_in_words
from payments.methods.registry import Methods
from payments.notices.labels import NOTICE_STATES
from payments.payment.labels import OPERATIONS, STATES
from payments.payment.rows import read_order_payment
from payments.payment.snapshots import with_order
from payments.requests.labels import REQUEST_STATES
from payments.shop.rows import read_payment_settings
from payments.watching.look_up_payment import look_up_payment
from shared.errors import Refused
from shared.web.deeds import done_by
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Staff, needs, viewer_of

PATH = "/desk/payments/{order_code}"
LABELS = {"operations": OPERATIONS, "requests": REQUEST_STATES, "notices": NOTICE_STATES}

router = APIRouter(include_in_schema=False)


@router.get(PATH, dependencies=[needs("read_payments")])
async def show_payment(request: Request, parts: CurrentParts, order_code: str) -> Response:
    """Show the payment of an order."""
    return await _show(request, parts, order_code)


@router.post(f"{PATH}/look-up", dependencies=[needs("ask_provider")])
async def look_up(request: Request, parts: CurrentParts, order_code: str, staff: Staff) -> Response:
    """Make a look-up due now, also for a payment that is over."""
    async with parts.db.transaction() as tx:
        await look_up_payment(tx, order_code, done_by(request, staff))
    return parts.pages.redirect(request, f"/desk/payments/{order_code}", toast="決済会社に照会します")


def _route(path: str) -> Callable[..., Awaitable[Response]]:
    """Return the function that does one deed of the table."""

    async def do_deed(request: Request, parts: CurrentParts, order_code: str, staff: Staff) -> Response:
        """Do a deed and show the page again. If it was refused, the page shows why."""
        deed, who = DEEDS[path], done_by(request, staff)
        form = await read_form(request, deed.form)
        if form.errors:
            return await _show(request, parts, order_code, form, status=422)
        try:
            async with parts.db.transaction() as tx:
                words = await do_payment_deed(tx, parts[Methods], order_code, deed, form.value, who)
        except Refused as refusal:
            if refusal.status == 404:
                raise
            form.refuse(refusal)
            return await _show(request, parts, order_code, form, status=refusal.status)
        return parts.pages.redirect(request, f"/desk/payments/{order_code}", toast=words)

    return do_deed


# A route for each row: any other path stays a missing page.
for one, what in DEEDS.items():
    router.add_api_route(f"{PATH}/{one}", _route(one), methods=["POST"], dependencies=[needs(what.right)])


async def _show(
    request: Request, parts: Parts, order_code: str, refused: Form[Any] | None = None, *, status: int = 200
) -> Response:
    async with parts.db.transaction() as tx:
        payment = await with_order(tx, await read_order_payment(tx, order_code))
        story = await payment_story(tx, payment.payment_id)
        booked_now = await find_orders_of_receipts(tx, payment)
        settings = await read_payment_settings(tx)
    staff = await viewer_of(request)
    waits = ASKS_REFUND if story.refund_is_open else ()
    may = {path: staff.may(deed.right) and path not in waits for path, deed in DEEDS.items()}
    method = parts[Methods][payment.method]
    menu, terms = method.menu(), method.terms
    return parts.pages.render(
        request,
        "desk_payment.html",
        status=status,
        payment=payment,
        order_code=payment.order_code,
        method=settings.name_of(payment.method, menu.name),
        state=STATES.of(payment.state),
        calls=calls(payment, terms, booked_now),
        facts=facts(payment, shows_status=menu.provider_status_shown),
        may=may,
        offers=[one for one in offers(payment, terms) if may[one.path]],
        objects_of_other_orders=[
            one for one in objects_of_other_orders(payment, booked_now) if may[one.path]
        ],
        contraries=[one for one in contraries(payment, terms, story) if may[one.path]],
        forms=payment_forms(payment, terms, refused),
        refused=refused,
        has_provider=payment.state != "unmanaged",
        labels=LABELS,
        story=story_in_words(story),
    )
