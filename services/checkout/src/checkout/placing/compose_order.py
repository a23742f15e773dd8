"""Computes and checks an order before it is stored.

The buyer's side sends only what the buyer wants, never prices. This module computes prices, shipping, fees and
discounts from rows of checkout and from signed statements.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from checkout.calendar.labels import day_label
from checkout.calendar.rules import CalendarSettings
from checkout.catalogue.rules import Product
from checkout.payment_menu.rules import UNAVAILABLE, Menu, Method, OrderToPay, check_choice
from checkout.placing.buyer_limits import BoughtBefore
from checkout.placing.claims import ReservedBenefit, Wallet
from checkout.placing.order_wish import OrderWish
from checkout.placing.reserved_stock import ReservedStock
from checkout.placing.wanted_line import wanted_line
from checkout.pricing.price import NO_DISCOUNTS, price_order
from checkout.pricing.settings import PriceSettings
from checkout.pricing.taxes import with_taxes
from checkout.tax.rules import TaxSettings, TaxTerms
from shared.errors import Refused
from shared.events import Destination, Line, OrderPlaced, Registration
from shared.ids import new_id

NOT_OPEN = "ただいま開店準備中です。ご注文の受け付け開始まで、今しばらくお待ちください。"
"""What buyers read while the shop is not open."""


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """The data from which the orders of one transaction are computed and judged.

    ``origin_url`` has no slash at its end. A shop that is not open takes no orders.
    """

    is_open: bool
    prices: PriceSettings
    tax: TaxSettings
    calendar: CalendarSettings
    products: Mapping[str, Product]
    menu: Menu
    reserved: ReservedStock
    bought: BoughtBefore
    origin_url: str


@dataclass(frozen=True, slots=True)
class ComposedOrder:
    """An order that the rules allow and that is not stored yet. ``page_key`` opens its page without a session."""

    wish: OrderWish
    placed: OrderPlaced
    method: Method
    page_key: str

    @property
    def code(self) -> str:
        """Return the code of the order."""
        return self.placed.order_code

    def numbered(self, number: int) -> "ComposedOrder":
        """Return the order with its 受付番号."""
        return replace(self, placed=self.placed.model_copy(update={"order_number": number}))


def compose_order(terms: OrderTerms, wish: OrderWish, *, code: str, at: datetime) -> ComposedOrder:
    """Compute the order, check that its payment method suits it, and count it among the unsecured orders of its buyer.

    Raises Refused if a rule forbids the order.
    """
    if not terms.is_open:
        raise Refused("shop_not_open", NOT_OPEN)
    tax = terms.tax.at(at)
    lines = _order_lines(wish, terms.products, tax)
    terms.bought.check(wish, terms.products)
    wanted = [terms.products[sku] for sku in wish.pieces]
    method = terms.menu.find(wish.payment_kind)
    if method is None:
        raise Refused("method_unavailable", UNAVAILABLE, field="payment_kind", status=422)
    benefit = wish.benefit
    _check_benefit(wish, at=at)
    amounts = price_order(
        lines,
        terms.prices.shipping,
        adjusting=terms.prices.adjusting,
        fee=method.fee,
        discounts=benefit.discounts if benefit else NO_DISCOUNTS,
    )
    amounts = with_taxes(amounts, lines, tax)
    _check_method(method, wish, amounts.total, any(product.prepay_excluded for product in wanted))
    _check_date(terms.calendar, wish, at=at)
    _check_total(wish, amounts.total)
    wallet = wish.wallet
    page_key = secrets.token_urlsafe(16)
    placed = OrderPlaced(
        order_code=code,
        order_kind="preorder" if any(product.kind == "preorder" for product in wanted) else "normal",
        payment_kind=method.kind,
        payment_name=method.name,
        payment_flow=method.flow,
        payment_deposit=method.deposit,
        paid_before_shipping=method.paid_before_shipping,
        payment_choice={**check_choice(method, wish.payment_choice), **_wallets_session(wallet)},
        amounts=amounts,
        member_id=wish.member_id,
        registration=_registration_of(wish),
        wallet_kind=wallet.kind if wallet else None,
        wallet_buyer_id=wallet.buyer_id if wallet else None,
        wallet_links=wallet is None or wish.member_id is None or wallet.member_id == wish.member_id,
        orderer=wish.orderer,
        destinations=(
            Destination(
                destination_id=new_id(),
                address=wish.address,
                lines=tuple(lines),
                delivery_date=wish.delivery_date,
            ),
        ),
        points_used=benefit.points if benefit else 0,
        benefit_reservation_id=benefit.reservation_id if benefit else None,
        coupon=benefit.coupon.issue_id if benefit and benefit.coupon else None,
        coupon_name=benefit.coupon.name if benefit and benefit.coupon else "",
        placed_at=at,
        page_url=f"{terms.origin_url}/orders/{code}?key={page_key}",
    )
    _count_reserved(terms.reserved, wish, placed, secured=method.flow == "authorized")
    terms.bought.add(wish, terms.products)
    return ComposedOrder(wish, placed, method, page_key)


def sold_out(sku: str, left: int, placed: OrderPlaced) -> Refused:
    """Return the refusal of an order that wants more of a product than the ``left`` pieces."""
    name = next(line.name for line in placed.destinations[0].lines if line.sku == sku)
    text = f"「{name}」の在庫は残り{left}点です。" if left else f"「{name}」は売り切れました。"
    return Refused("sold_out", f"{text}カートの数量を変更してください。", field="lines")


def _order_lines(wish: OrderWish, products: Mapping[str, Product], tax: TaxTerms) -> list[Line]:
    """Return the lines at the shop's prices and rates of tax. Raises Refused(product_unknown) for a product that is not on sale."""
    lines = []
    for sku, quantity in wish.pieces.items():
        product = products.get(sku)
        if product is None or not product.on_sale:
            raise Refused(
                "product_unknown", "取り扱いのない商品が含まれています。", field="lines", status=422
            )
        lines.append(wanted_line(product, quantity, tax))
    if not lines:
        raise Refused("cart_empty", "カートに商品がありません。", field="lines", status=422)
    return lines


def _check_benefit(wish: OrderWish, *, at: datetime) -> None:
    """Refuse points and coupons that were reserved for another buyer, and a coupon that has expired."""
    benefit = wish.benefit
    if benefit is None:
        return
    if benefit.coupon is not None:
        benefit.coupon.check_unexpired(at)
    if benefit.registration:
        if wish.member_id is None and wish.registers:
            _check_member_to_be(wish, benefit)
            return
        raise Refused(
            "benefit_needs_registration",
            "会員登録ポイントのご利用には、ご注文と同時の会員登録が必要です。",
            field="register",
            status=422,
        )
    if benefit.member_id != wish.member_id:
        raise Refused(
            "benefit_of_another",
            "ご利用ポイントを確認できませんでした。もう一度ポイントを指定してください。",
            field="points",
            status=422,
        )


def _check_member_to_be(wish: OrderWish, benefit: ReservedBenefit) -> None:
    """Refuse registration points that were reserved for another account or address than those of the order."""
    wallet = wish.wallet
    if wallet is None or not benefit.is_for(buyer_id=wallet.buyer_id, email=wish.orderer.email):
        raise Refused(
            "benefit_of_another",
            f"会員登録ポイントは、メールアドレス「{benefit.email}」で会員登録される場合にご利用いただけます。"
            "メールアドレスをお戻しいただくか、ご利用ポイントを0にしてください。",
            field="email",
            status=422,
        )


def _check_method(method: Method, wish: OrderWish, total: int, prepay_excluded: bool) -> None:
    """Refuse a method that does not suit this order, also if it was submitted by hand (KON-02, AP-15)."""
    wallet = wish.wallet
    order = OrderToPay(
        total,
        wallet_kind=wallet.kind if wallet else None,
        prepay_excluded=prepay_excluded,
        is_dated=wish.delivery_date is not None,
    )
    if method.unsuited(order) is not None:
        why = method.why_unsuited(order)
        raise Refused("method_unavailable", why, field="payment_kind", status=422)
    if wallet is None:
        return
    if wallet.error is not None or wallet.checkout_session_id is None:
        raise Refused("wallet_not_ready", "お支払い方法の認証からやり直してください。", status=409)
    if wallet.ceiling is not None and total > wallet.ceiling:
        raise Refused("wallet_ceiling", UNAVAILABLE, field="payment_kind", status=422)


def _check_date(calendar: CalendarSettings, wish: OrderWish, *, at: datetime) -> None:
    """Refuse a delivery date that the shop does not offer now (SHO-05)."""
    day = wish.delivery_date
    if day is not None and day not in calendar.dates(at, wish.address.prefecture):
        raise Refused(
            "delivery_date_not_offered",
            f"お届け希望日 {day_label(day)} はお選びいただけません。お届け日を選び直してください。",
            field="delivery_date",
            status=422,
        )


def _check_total(wish: OrderWish, total: int) -> None:
    """Refuse a total that differs from the total that the buyer saw."""
    if wish.total_seen is not None and wish.total_seen != total:
        raise Refused(
            "total_changed",
            f"お支払い合計が¥{total:,}に変わりました。ご確認のうえ、もう一度確定してください。",
            field="total",
        )


def _count_reserved(reserved: ReservedStock, wish: OrderWish, placed: OrderPlaced, *, secured: bool) -> None:
    """Refuse an order if too much stock would be reserved for its buyer without secured money."""
    total = placed.amounts.total
    reserved.limits.check_size(wish, total, secured=secured)
    if total > 0:
        reserved.check(wish, secured=secured)
        reserved.add(wish, placed.order_code, secured=secured)


def _wallets_session(wallet: Wallet | None) -> dict[str, str]:
    """Return the wallet's session for payments, which authorizes in it."""
    session_id = wallet.checkout_session_id if wallet else None
    return {"checkout_session_id": session_id} if session_id else {}


def _vouched_for(wish: OrderWish) -> bool:
    """Return whether the orderer's mail address is the wallet's own address."""
    wallet = wish.wallet
    return wallet is not None and wallet.email.strip().lower() == wish.orderer.email.strip().lower() != ""


def _registration_of(wish: OrderWish) -> Registration | None:
    """Return the member who registers with this order, with the id for which the points were reserved."""
    if not wish.registers or wish.member_id is not None:
        return None
    benefit, wallet = wish.benefit, wish.wallet
    return Registration(
        member_id=benefit.member_id if benefit and benefit.registration else new_id(),
        newsletter=wish.newsletter,
        wallet_kind=wallet.kind if wallet else None,
        wallet_buyer_id=wallet.buyer_id if wallet else None,
        email_proved=_vouched_for(wish),
    )
