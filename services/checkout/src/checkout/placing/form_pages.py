"""Screens 1 to 3 of the standard order form: orderer, delivery and payment (AP-12)."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.carts.rows import keep_typed, save_draft
from checkout.payment_menu.rules import UNAVAILABLE, Method, OrderToPay, check_choice
from checkout.placing.browser import carried_cookies
from checkout.placing.checkout_under_way import STEPS, Checkout, earlier_step, load_checkout, typed
from checkout.placing.fields import AddressFields, DeliverTo, OrdererFields
from checkout.placing.read_from_members import Members
from shared.clock import now
from shared.errors import Refused
from shared.web.fields import CHOSEN, PREFECTURES
from shared.web.forms import TYPED_MAX, Form, read_form
from shared.web.parts import CurrentParts, Parts, parts_of
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

OTHER = "other_"
REFUSED = "refused"
"""The key of a draft for refused input: the last screen that was submitted, its input and its errors."""


class ChooseMethod(BaseModel):
    """お支払い方法選択. A method with choices has its own inputs."""

    payment_kind: Annotated[str, CHOSEN] = Field(max_length=42, title="お支払い方法")


@router.get("/order")
async def show_next_screen(request: Request, parts: CurrentParts) -> Response:
    """「このサイトでお支払い」: redirect to the first screen that is not filled in."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    return parts.pages.redirect(request, STEPS[checkout.steps_done()][1])


@router.get("/order/customer")
async def show_customer(request: Request, parts: CurrentParts) -> Response:
    """Show screen 1 with the earlier input or with the member's record."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if refused := _refused_on(checkout, request):
        return _customer(request, parts, checkout, Form.restored(OrdererFields, refused["form"]))
    values = dict(checkout.draft.get("orderer", {}))
    if not values and checkout.viewer.signed_in:
        profile = await parts_of(request)[Members].profile(carried_cookies(request))
        values = profile.model_dump() if profile else {"name": checkout.viewer.name}
    return _customer(request, parts, checkout, Form(OrdererFields, values))


@router.post("/order/customer")
async def save_customer(request: Request, parts: CurrentParts) -> Response:
    """Store the orderer and continue."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    form = await read_form(request, OrdererFields)
    if form.errors:
        return await _refuse(request, parts, checkout, form=form.kept())
    return await _keep(request, parts, checkout, {"orderer": form.value.model_dump()}, "/order/delivery")


@router.get("/order/delivery")
async def show_delivery(request: Request, parts: CurrentParts) -> Response:
    """Show screen 2."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if back := earlier_step(request, parts, checkout, 2):
        return back
    if refused := _refused_on(checkout, request):
        other = Form.restored(AddressFields, refused["other"], prefix=OTHER)
        return _delivery(request, parts, checkout, Form.restored(DeliverTo, refused["chosen"]), other)
    draft = checkout.draft
    chosen = Form(DeliverTo, {"deliver_to": draft.get("deliver_to", "orderer")})
    other = Form(AddressFields, draft.get("delivery", {}), prefix=OTHER)
    return _delivery(request, parts, checkout, chosen, other)


@router.post("/order/delivery")
async def save_delivery(request: Request, parts: CurrentParts) -> Response:
    """Store the destination. Another address is checked only if the buyer chose it."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if back := earlier_step(request, parts, checkout, 2):
        return back
    chosen = await read_form(request, DeliverTo)
    other = await read_form(request, AddressFields, prefix=OTHER)
    if chosen.errors:
        other.errors.clear()
    to_other = not chosen.errors and chosen.value.deliver_to == "other"
    if chosen.errors or (to_other and other.errors):
        return await _refuse(request, parts, checkout, chosen=chosen.kept(), other=other.kept())
    changes: dict[str, Any] = {"deliver_to": chosen.value.deliver_to}
    if to_other:
        changes["delivery"] = other.value.model_dump()
    return await _keep(request, parts, checkout, changes, "/order/payment")


@router.get("/order/payment")
async def show_payment(request: Request, parts: CurrentParts) -> Response:
    """Show screen 3: every method of the menu. A method that does not suit has a reason next to it (KON-08)."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if back := earlier_step(request, parts, checkout, 3):
        return back
    if refused := _refused_on(checkout, request):
        form = Form.restored(ChooseMethod, refused["form"])
        return _payment(request, parts, checkout, form, refused["choices"])
    form = Form(ChooseMethod, {"payment_kind": checkout.draft.get("payment_kind", "")})
    return _payment(request, parts, checkout, form, checkout.draft.get("payment_choice", {}))


@router.post("/order/payment")
async def save_payment(request: Request, parts: CurrentParts) -> Response:
    """Store the method and its choices."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if back := earlier_step(request, parts, checkout, 3):
        return back
    form = await read_form(request, ChooseMethod)
    chosen: dict[str, str] = {}
    if not form.errors:
        kind = form.value.payment_kind
        chosen = await _choices(request, kind)
        try:
            method = checkout.menu.find(kind)
            if method is None or method.unsuited(_wanted(checkout, method)):
                raise Refused("method_unavailable", UNAVAILABLE, field="payment_kind", status=422)
            changes = {"payment_kind": kind, "payment_choice": check_choice(method, chosen)}
        except Refused as refused:
            # Each method has its own input for a choice, `<kind>-<choice>`, which the form does not declare as a field.
            if refused.code == "choice_missing":
                form.errors[f"{kind}-{refused.field}"] = refused.message
            else:
                form.refuse(refused)
        else:
            return await _keep(request, parts, checkout, changes, "/order/confirm")
    return await _refuse(request, parts, checkout, form=form.kept(), choices=chosen)


async def _choices(request: Request, kind: str) -> dict[str, str]:
    """Return the choices of the method. The names of its inputs begin with the name of the method."""
    prefix = f"{kind}-"
    sent = await request.form()
    return {
        name.removeprefix(prefix): value[:TYPED_MAX]
        for name, value in sent.items()
        if name.startswith(prefix) and isinstance(value, str)
    }


async def _keep(
    request: Request, parts: Parts, checkout: Checkout, changes: Mapping[str, Any], path: str
) -> Response:
    if checkout.draft.get(REFUSED):
        changes = {**changes, REFUSED: None}
    async with parts.db.transaction() as tx:
        await save_draft(tx, checkout.stored.cart_id, typed(checkout.viewer, changes), at=now())
    return parts.pages.redirect(request, path)


async def _refuse(request: Request, parts: Parts, checkout: Checkout, **shown: Any) -> Response:
    """Store the refused input and redirect to its screen, so that Back and reload never submit again."""
    refused = {"path": request.url.path, **shown}
    async with parts.db.transaction() as tx:
        await keep_typed(tx, checkout.stored.cart_id, typed(checkout.viewer, {REFUSED: refused}), at=now())
    return parts.pages.redirect(request, request.url.path)


def _refused_on(checkout: Checkout, request: Request) -> Mapping[str, Any]:
    """Return the refused input of this screen, if this screen was submitted last."""
    refused: Mapping[str, Any] = checkout.draft.get(REFUSED) or {}
    return refused if refused.get("path") == request.url.path else {}


def _customer(
    request: Request,
    parts: Parts,
    checkout: Checkout,
    form: Form[OrdererFields],
) -> Response:
    return parts.pages.render(
        request,
        "order_customer.html",
        form=form,
        prefectures=PREFECTURES,
        **checkout.summary(checkout.quote()),
    )


def _delivery(
    request: Request,
    parts: Parts,
    checkout: Checkout,
    chosen: Form[DeliverTo],
    other: Form[AddressFields],
) -> Response:
    return parts.pages.render(
        request,
        "order_delivery.html",
        chosen=chosen,
        other=other,
        orderer=checkout.draft["orderer"],
        prefectures=PREFECTURES,
        **checkout.summary(checkout.quote()),
    )


def _payment(
    request: Request,
    parts: Parts,
    checkout: Checkout,
    form: Form[ChooseMethod],
    chosen: Mapping[str, str],
) -> Response:
    return parts.pages.render(
        request,
        "order_payment.html",
        form=form,
        chosen=chosen,
        options=[_option(method, checkout) for method in checkout.menu.for_form],
        **checkout.summary(checkout.quote()),
    )


def _option(method: Method, checkout: Checkout) -> dict[str, Any]:
    """Return the method as a card. A method that does not suit the order shows the reason and cannot be chosen."""
    order = _wanted(checkout, method)
    reason = method.unsuited(order)
    return {
        "value": method.kind,
        "label": method.name,
        "hint": method.hint,
        "aside": _fee_in_words(method),
        "disabled": reason is not None,
        "why": method.why_unsuited(order),
        "reason": reason,
        "choices": method.choices,
    }


def _wanted(checkout: Checkout, method: Method) -> OrderToPay:
    return OrderToPay(
        checkout.quote(fee=method.fee).amounts.total,
        prepay_excluded=checkout.cart.prepay_excluded,
        is_dated=checkout.chosen_date is not None,
    )


def _fee_in_words(method: Method) -> str:
    """Return the fee that the shop charges, as text.

    The hint of the method names the transfer fee of the buyer's bank.
    """
    if method.fee:
        return f"手数料 ¥{method.fee:,}"
    return "" if method.deposit == "by_hand" else "手数料無料"
