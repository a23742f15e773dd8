"""「ご注文手続き」: the one page for a buyer with a wallet, in place of the four screens (AP-13, AP-43).

The orderer's block contains the wallet's FIRST address (AP-07), and the buyer may correct it (AP-08). The order goes to
the address chosen in the wallet, as this page showed it. Other methods are refused (AP-15).
"""

from typing import Any
from urllib.parse import quote as quoted

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.carts.rows import keep_typed
from checkout.payment_menu.rules import Method, OrderToPay
from checkout.placing.browser import carried_cookies, wallet_of
from checkout.placing.checkout_under_way import Checkout, load_checkout, order_and_go_on, typed
from checkout.placing.claims import ReservedBenefit, Wallet
from checkout.placing.confirm_page import STALE
from checkout.placing.coupon_choices import coupon_choices
from checkout.placing.delivery_date import keep_date
from checkout.placing.fields import OrdererFields, WalletConfirmation
from checkout.placing.order_wish import OrderWish
from checkout.placing.read_from_members import Members
from checkout.placing.unapplied_benefit import apply_first, is_unapplied
from checkout.placing.wallet_delivery import Delivery, delivery_of, keepable, kept_in, mark_of, typed_in
from shared.clock import now
from shared.errors import Refused
from shared.events import Amounts
from shared.text.prefectures import PREFECTURES
from shared.web.cookies import ARRIVED_COOKIE
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts, parts_of
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

PAGE = "/order/amazon"
ARRIVAL = f"/members/amazon/arrive?next={quoted(PAGE, safe='')}"
TYPED = "wallet_orderer"
CHOSEN_ANEW = "お届け先またはお支払い方法が変更されています。内容をご確認のうえ、もう一度確定してください。"


@router.get(PAGE)
async def show_wallet_order(request: Request, parts: CurrentParts) -> Response:
    """Show the page. A buyer whom members knows signs in first, if members responds in time."""
    wallet = await wallet_of(request)
    if wallet is not None and wallet.error is not None:
        return parts.pages.render(request, "amazon_refused.html", text=wallet.error)
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if wallet is None or wallet.checkout_session_id is None:
        return parts.pages.redirect(
            request, "/cart", toast="もう一度カートのボタンからお進みください", kind="wait"
        )
    if to_members := await _arrival(request, parts, checkout, wallet):
        return to_members
    form = Form(OrdererFields, {**wallet.orderer, **checkout.draft.get(TYPED, {})})
    ticked = checkout.draft.get("register_member", not checkout.settings.registration_box_unticked)
    box = Form(WalletConfirmation, {"register_member": ticked})
    delivery = delivery_of(wallet, kept_in(checkout.draft, wallet))
    return await _page(request, parts, checkout, wallet, form, box, delivery)


@router.post(f"{PAGE}/typed")
async def keep_what_is_typed(request: Request, parts: CurrentParts) -> Response:
    """Store the corrections while the buyer changes the address in the wallet."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Checkout):
        form = await read_form(request, OrdererFields)
        box = await read_form(request, WalletConfirmation)
        fields = {name: value for name, value in form.values.items() if isinstance(value, str)}
        changes = {
            TYPED: fields,
            "register_member": bool(box.values.get("register_member")),
            **keepable(await wallet_of(request), typed_in(await request.form())),
        }
        async with parts.db.transaction() as tx:
            await keep_typed(tx, checkout.stored.cart_id, typed(checkout.viewer, changes), at=now())
    return Response(status_code=204)


@router.post(PAGE)
async def confirm_wallet_order(request: Request, parts: CurrentParts) -> Response:
    """「注文を確定する」: place the order as the page shows it, then redirect to the wallet's confirmation."""
    wallet = await wallet_of(request)
    if wallet is not None and wallet.error is not None:
        return parts.pages.render(request, "amazon_refused.html", status=409, text=wallet.error)
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Response):
        return checkout
    if wallet is None or wallet.checkout_session_id is None:
        raise Refused("wallet_not_ready", "お支払い方法の認証が切れました。カートからやり直してください。")
    form, box = await read_form(request, OrdererFields), await read_form(request, WalletConfirmation)
    delivery = delivery_of(wallet, typed_in(await request.form()))
    trouble, status = _why_not(checkout, wallet, form, box, delivery)
    if not box.errors:
        await keep_date(parts, checkout, box.value)
    if not status and is_unapplied(box.value, checkout.usable_benefit(registers=True)):
        return apply_first(request, parts)
    if not status:
        try:
            await _refuse_other_methods(request, wallet)
            wish = _wish(checkout, wallet, form.value, box.value, delivery)
            return await order_and_go_on(request, parts, wish)
        except Refused as refused:
            if refused.code == "cart_already_ordered":
                return parts.pages.redirect(request, PAGE)
            trouble, status = refused.message, refused.status
    return await _page(request, parts, checkout, wallet, form, box, delivery, trouble=trouble, status=status)


def _why_not(
    checkout: Checkout,
    wallet: Wallet,
    form: Form[OrdererFields],
    box: Form[WalletConfirmation],
    delivery: Delivery,
) -> tuple[str, int]:
    """Return the message and status that stop the order. Return ("", 0) if nothing stops it."""
    if box.values.get("shown") != mark_of(wallet):
        return CHOSEN_ANEW, 409
    if form.errors or delivery.form.errors:
        return "", 422
    stale = bool(box.errors) or box.value.key != checkout.stored.attempt_key
    return (STALE, 409) if stale else ("", 0)


async def _arrival(request: Request, parts: Parts, checkout: Checkout, wallet: Wallet) -> Response | None:
    """Redirect a buyer whom members knows to members once, to sign in or to log in to the shop first (X-35)."""
    if checkout.viewer.signed_in or parts.cookies.read(request, ARRIVED_COOKIE) == wallet.checkout_session_id:
        return None
    link = await parts_of(request)[Members].amazon_link(
        wallet.buyer_id, email=wallet.email, cookies=carried_cookies(request)
    )
    if link is None or link.state == "none":
        return None
    response = parts.pages.redirect(request, ARRIVAL)
    parts.cookies.write(response, ARRIVED_COOKIE, wallet.checkout_session_id or "", max_age_seconds=7200)
    return response


async def _refuse_other_methods(request: Request, wallet: Wallet) -> None:
    """Refuse any method that is not the wallet, also if it was submitted by hand (AP-15)."""
    asked = (await request.form()).get("payment_kind", wallet.kind)
    if asked != wallet.kind:
        raise Refused(
            "method_unavailable", "この画面ではAmazon Pay以外のお支払い方法はご利用頂けません。", status=422
        )


def _wish(
    checkout: Checkout, wallet: Wallet, orderer: OrdererFields, box: WalletConfirmation, delivery: Delivery
) -> OrderWish:
    registers = box.register_member and not checkout.viewer.signed_in
    return OrderWish(
        key=box.key,
        lines=tuple((line.product.sku, line.quantity) for line in checkout.cart.lines),
        orderer=orderer.orderer(),
        address=delivery.address,
        payment_kind=wallet.kind,
        total_seen=box.total,
        cart_id=checkout.stored.cart_id,
        member_id=checkout.member_id,
        email_proved=checkout.viewer.email_proved,
        benefit=checkout.usable_benefit(registers=registers),
        wallet=wallet,
        registers=registers,
        newsletter=box.newsletter,
        delivery_date=box.delivery_date,
    )


async def _page(
    request: Request,
    parts: Parts,
    checkout: Checkout,
    wallet: Wallet,
    form: Form[OrdererFields],
    box: Form[WalletConfirmation],
    delivery: Delivery,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    registers = bool(box["register_member"]) and not checkout.viewer.signed_in
    method = checkout.menu.find(wallet.kind)
    quote = checkout.quote(fee=method.fee if method else 0, registers=registers)
    benefit = checkout.usable_benefit(registers=registers)
    order = OrderToPay(
        quote.amounts.total, wallet_kind=wallet.kind, prepay_excluded=checkout.cart.prepay_excluded
    )
    unsuited = method is None or method.unsuited(order)
    return parts.pages.render(
        request,
        "amazon_order.html",
        status=status,
        trouble=trouble,
        submitted=status != 200,
        key=checkout.stored.attempt_key,
        form=form,
        box=box,
        wallet=wallet,
        shown=mark_of(wallet),
        delivery=delivery,
        method=method,
        unsuited=bool(unsuited),
        prefectures=PREFECTURES,
        points_used=benefit.points if benefit else 0,
        **_dates(checkout, method, delivery, box),
        **await _benefits(request, parts, checkout, benefit, quote.amounts),
        **checkout.summary(quote),
    )


def _dates(
    checkout: Checkout, method: Method | None, delivery: Delivery, box: Form[WalletConfirmation]
) -> dict[str, Any]:
    """Return the delivery dates of the page, with the date that was just submitted or chosen before."""
    dates = checkout.dates(method, str(delivery.form["prefecture"]))
    return {**dates, "date": str(box["delivery_date"] or dates["date"])}


async def _benefits(
    request: Request, parts: Parts, checkout: Checkout, benefit: ReservedBenefit | None, amounts: Amounts
) -> dict[str, Any]:
    """Return the usable benefits.

    A member has points and coupons; registering with this order may give points (PNT-02).
    """
    if checkout.viewer.signed_in:
        profile = await parts_of(request)[Members].profile(carried_cookies(request))
        return {
            "points_available": profile.points_available if profile else 0,
            "points_by_registering": False,
            **coupon_choices(
                profile.coupons if profile else (),
                benefit.coupon if benefit else None,
                amounts,
                checkout.settings.shipping,
            ),
        }
    rules = await parts_of(request)[Members].point_rules()
    usable = rules.registration_points_usable_at_once if rules else 0
    return {"points_available": usable, "points_by_registering": True, "coupons": []}
