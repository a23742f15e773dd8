"""Screen 4 of the standard form: 注文確認, and 「注文を確定する」."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.placing.browser import carried_cookies
from checkout.placing.checkout_under_way import STEPS, Checkout, earlier_step, load_checkout, order_and_go_on
from checkout.placing.coupon_choices import coupon_choices
from checkout.placing.delivery_date import keep_date
from checkout.placing.fields import AddressFields, Confirmation, OrdererFields
from checkout.placing.order_wish import OrderWish
from checkout.placing.read_from_members import Members
from checkout.placing.unapplied_benefit import apply_first, is_unapplied
from shared.errors import Refused
from shared.text.postal import contradiction
from shared.web.forms import read_form
from shared.web.parts import CurrentParts, Parts, parts_of
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

STALE = "カートまたは入力内容が変わりました。ご確認のうえ、もう一度確定してください。"


@router.get("/order/confirm")
async def show_confirmation(request: Request, parts: CurrentParts) -> Response:
    """Show the whole order before it is placed."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if back := earlier_step(request, parts, checkout, 4):
        return back
    return await _confirmation(request, parts, checkout)


@router.post("/order/confirm")
async def confirm(request: Request, parts: CurrentParts) -> Response:
    """Place the order. A repeated confirmation leads to the same order."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    done = checkout.steps_done()
    if done < 3:
        raise Refused("step_skipped", f"先に「{STEPS[done][0]}」を入力してください。")
    form = await read_form(request, Confirmation)
    if form.errors or form.value.key != checkout.stored.attempt_key:
        return _not_placed(request, parts, STALE)
    await keep_date(parts, checkout, form.value)
    if is_unapplied(form.value, checkout.usable_benefit()):
        return apply_first(request, parts)
    try:
        return await order_and_go_on(request, parts, _wish(checkout, form.value))
    except Refused as refused:
        if refused.code == "cart_already_ordered":
            return parts.pages.redirect(request, "/order")
        return _not_placed(request, parts, refused.message)


def _not_placed(request: Request, parts: Parts, why: str) -> Response:
    """Show the confirmation again with the reason, by a redirect. Reload and Back therefore never repeat the order."""
    return parts.pages.redirect(request, "/order/confirm", toast=why, kind="stop", place="trouble")


def _wish(checkout: Checkout, confirmed: Confirmation) -> OrderWish:
    draft = checkout.draft
    orderer = OrdererFields.of_draft(draft["orderer"])
    other = draft["deliver_to"] == "other"
    address = AddressFields.of_draft(draft["delivery"]) if other else orderer
    return OrderWish(
        key=confirmed.key,
        lines=tuple((line.product.sku, line.quantity) for line in checkout.cart.lines),
        orderer=orderer.orderer(),
        address=address.address(),
        payment_kind=draft["payment_kind"],
        payment_choice=draft.get("payment_choice", {}),
        total_seen=confirmed.total,
        cart_id=checkout.stored.cart_id,
        member_id=checkout.member_id,
        email_proved=checkout.viewer.email_proved,
        benefit=checkout.usable_benefit(),
        delivery_date=confirmed.delivery_date,
    )


async def _confirmation(request: Request, parts: Parts, checkout: Checkout) -> Response:
    method, draft = checkout.method, checkout.draft
    fee = method.fee if method else 0
    profile = (
        await parts_of(request)[Members].profile(carried_cookies(request))
        if checkout.viewer.signed_in
        else None
    )
    benefit = checkout.usable_benefit()
    quote = checkout.quote(fee=fee)
    return parts.pages.render(
        request,
        "order_confirm.html",
        questions=_questions(draft),
        **checkout.dates(method, _delivery_of(draft)["prefecture"]),
        key=checkout.stored.attempt_key,
        orderer=draft["orderer"],
        delivery=_delivery_of(draft),
        method=method,
        choices=_chosen_labels(checkout),
        points_available=profile.points_available if profile else 0,
        points_used=benefit.points if benefit else 0,
        **coupon_choices(
            profile.coupons if profile else (),
            benefit.coupon if benefit else None,
            quote.amounts,
            checkout.settings.shipping,
        ),
        **checkout.summary(quote),
    )


def _delivery_of(draft: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the address to which the goods go."""
    address: Mapping[str, Any] = draft["orderer" if draft["deliver_to"] == "orderer" else "delivery"]
    return address


def _questions(draft: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return doubts about an address, each with the screen that corrects it. The buyer may ignore them."""
    addresses = [(draft["orderer"], "/order/customer")]
    if draft["deliver_to"] == "other":
        addresses.append((draft["delivery"], "/order/delivery"))
    found = [(contradiction(one["postal_code"], one["prefecture"]), path) for one, path in addresses]
    return [(question, path) for question, path in found if question]


def _chosen_labels(checkout: Checkout) -> list[tuple[str, str]]:
    chosen = checkout.draft.get("payment_choice", {})
    return [
        (choice.label, option.label)
        for choice in (checkout.method.choices if checkout.method else ())
        for option in choice.options
        if option.value == chosen.get(choice.name)
    ]
