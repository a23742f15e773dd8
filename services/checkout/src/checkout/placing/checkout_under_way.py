"""The progress of a buyer between cart and order, for both ways to order. Buyers cannot skip steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from checkout.calendar.labels import day_label
from checkout.carts.browser import cart_of
from checkout.carts.rows import TYPED_BY, StoredCart, forget_draft, read_cart
from checkout.carts.rules import Cart
from checkout.orders.browser import keep_order, orders_in_browser
from checkout.orders.stored_order import buyer_of_order
from checkout.payment_menu.rows import read_menu
from checkout.payment_menu.rules import Menu, Method
from checkout.placing.browser import benefit_of, wallet_of
from checkout.placing.claims import ReservedBenefit
from checkout.placing.compose_order import NOT_OPEN
from checkout.placing.order_wish import OrderWish
from checkout.placing.placements import placement_of_order
from checkout.placing.quote import Quote, goods, quote_cart
from checkout.placing.till import Till
from checkout.pricing.price import NO_DISCOUNTS
from checkout.shop.front import Opening, ShopFront, read_front
from checkout.shop.rules import ShopSettings
from checkout.tax.rules import TaxTerms
from shared.clock import now
from shared.database.transactions import Tx
from shared.web.client_address import counted_as
from shared.web.parts import Parts, parts_of
from shared.web.session import Viewer, viewer_of

DATE = "delivery_date"
"""The key of a draft for the chosen delivery date."""
CART_GONE = (
    "ログアウトしたため、または時間がたったため、カートを表示できません。"
    "会員の方は、ログインすると続きからご注文いただけます"
)
STEPS = (
    ("お客様情報入力", "/order/customer"),
    ("お届け先入力", "/order/delivery"),
    ("お支払い方法選択", "/order/payment"),
    ("注文確認", "/order/confirm"),
)
"""The four screens of the standard form, in this order (AP-12)."""


@dataclass(frozen=True)
class Checkout:
    """A cart on its way to an order, with all data that its pages show."""

    stored: StoredCart
    front: ShopFront
    menu: Menu
    viewer: Viewer
    benefit: ReservedBenefit | None
    at: datetime

    @property
    def tax(self) -> TaxTerms:
        """Return the rates of tax now."""
        return self.front.tax.at(self.at)

    @property
    def settings(self) -> ShopSettings:
        """Return the settings of the shop."""
        return self.front.settings

    @property
    def cart(self) -> Cart:
        """Return the cart."""
        return self.stored.cart

    @property
    def draft(self) -> Mapping[str, Any]:
        """Return the data that the buyer entered so far."""
        return self.stored.draft

    @property
    def member_id(self) -> UUID | None:
        """Return the id of the signed-in member, or None."""
        return UUID(self.viewer.member_id) if self.viewer.member_id else None

    @property
    def method(self) -> Method | None:
        """Return the method chosen on the standard form. Return None if the shop no longer offers it."""
        method = self.menu.find(str(self.draft.get("payment_kind", "")))
        return method if method is not None and not method.needs_wallet else None

    def steps_done(self) -> int:
        """Return how many of the first three screens are filled in."""
        if "orderer" not in self.draft:
            return 0
        if "deliver_to" not in self.draft:
            return 1
        return 2 if self.method is None else 3

    @property
    def chosen_date(self) -> date | None:
        """Return the delivery date that the buyer chose so far, while the shop offers dates."""
        chosen = self.draft.get(DATE) if self.front.calendar.offers_dates else None
        return date.fromisoformat(chosen) if chosen else None

    def dates(self, method: Method | None, prefecture: str) -> dict[str, Any]:
        """Return the delivery dates for a page, each with its label, and the chosen one."""
        calendar = self.front.calendar
        prepaid = method is not None and method.paid_before_shipping
        days = [] if prepaid else calendar.dates(self.at, prefecture)
        return {
            "dates": [(day.isoformat(), day_label(day)) for day in days],
            "date": self.draft.get(DATE) or "",
            "dates_refused": prepaid and calendar.offers_dates,
        }

    def usable_benefit(self, *, registers: bool = False) -> ReservedBenefit | None:
        """Return the benefit reserved in this browser, if it is for the person who orders."""
        benefit = self.benefit
        if benefit is None:
            return None
        if benefit.registration:
            return benefit if registers and self.member_id is None else None
        return benefit if benefit.member_id == self.member_id else None

    def quote(self, *, fee: int = 0, registers: bool = False) -> Quote:
        """Return the present cost."""
        benefit = self.usable_benefit(registers=registers)
        discounts = benefit.discounts if benefit else NO_DISCOUNTS
        return quote_cart(self.cart, self.settings, self.tax, fee=fee, discounts=discounts)

    def summary(self, quote: Quote) -> dict[str, Any]:
        """Return the data of the summary next to the form, with the conditions of the shop."""
        return {"goods": goods(self.cart, self.tax), "quote": quote, "law": self.front.law}


async def load_checkout(request: Request, parts: Parts) -> Checkout | Response:
    """Return the checkout of this browser. If nothing can be ordered, return a redirect."""
    viewer = await viewer_of(request)
    async with parts.db.transaction() as tx:
        stored = await cart_of(request, tx)
        front = await read_front(tx)
        menu = await read_menu(tx)
        placement = await placement_of_order(tx, stored.ordered_as) if stored and stored.ordered_as else None
        owner = await _owner(tx, request, placement.order_code) if placement is not None else None
        if stored is not None and placement is None:
            stored = await _of_who_types(tx, stored, viewer)
    if placement is not None:
        response = parts.pages.redirect(request, placement.next_path)
        keep_order(parts, request, response, placement.order_code, member_id=owner)
        return response
    if stored is None and request.method == "POST":
        return parts.pages.redirect(request, "/cart", toast=CART_GONE, kind="wait")
    if stored is None or not stored.cart.lines:
        return parts.pages.redirect(request, "/cart")
    if parts[Opening].keeps_shut(front, menu):
        return parts.pages.redirect(request, "/cart", toast=NOT_OPEN, kind="wait")
    if not stored.cart.can_be_ordered:
        return parts.pages.redirect(
            request, "/cart", toast="在庫が変わった商品があります。カートをご確認ください", kind="wait"
        )
    return Checkout(stored, front, menu, viewer, benefit_of(parts, request), now())


def earlier_step(request: Request, parts: Parts, checkout: Checkout, number: int) -> Response | None:
    """Return a redirect to the first empty screen, if that screen comes before screen ``number``."""
    done = checkout.steps_done()
    return None if done >= number - 1 else parts.pages.redirect(request, STEPS[done][1])


async def order_and_go_on(request: Request, parts: Parts, wish: OrderWish) -> Response:
    """Place the order and redirect the buyer to the wallet's confirmation or to the page of the order."""
    wish = replace(
        wish,
        client_address=counted_as(request),
        earlier_orders=orders_in_browser(parts, request).placed,
    )
    placement = await parts_of(request)[Till].place_and_commit(wish)
    response = parts.pages.redirect(request, placement.next_path)
    keep_order(parts, request, response, placement.order_code, member_id=wish.member_id)
    return response


async def _owner(tx: Tx, request: Request, code: str) -> UUID | None:
    """Return the member who alone may see an order. Return None if the browser that placed it may show it.

    The browser may show a guest's order. It may also show the order of a buyer who registers with it and whose wallet
    is in this browser.
    """
    buyer, wallet = await buyer_of_order(tx, code), await wallet_of(request)
    if buyer is None:
        return None
    own = (buyer.wallet_kind, buyer.wallet_buyer_id)
    if wallet is not None and (wallet.kind, wallet.buyer_id) == own:
        return None
    return buyer.member_id


async def _of_who_types(tx: Tx, stored: StoredCart, viewer: Viewer) -> StoredCart:
    """Return the cart without a form that another member or a guest filled in. Such a form is deleted."""
    if not stored.draft or stored.draft.get(TYPED_BY) == viewer.member_id:
        return stored
    await forget_draft(tx, stored.cart_id, at=now())
    return await read_cart(tx, stored.cart_id) or stored


def typed(viewer: Viewer, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes to keep in the draft, with the member who typed them."""
    return dict(changes) if viewer.member_id is None else {**changes, TYPED_BY: viewer.member_id}
