"""An order computed from what a buyer confirmed and from our own rows, before anything of it is stored.

What the buyer's side sends is what is wanted, never what it costs: prices, shipping, fees and discounts are
computed here from our own rows and from signed statements.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from checkout.catalogue.rules import Product
from checkout.payment_menu.rules import UNAVAILABLE, Menu, Method, check_choice
from checkout.placing.claims import Wallet
from checkout.placing.held_stock import Holds
from checkout.placing.purchase import Purchase, check_benefit, check_method, order_lines, registration_of
from checkout.pricing.price import NO_DISCOUNTS, price_order
from checkout.pricing.settings import PriceSettings
from shared.errors import Refused
from shared.events import Destination, OrderPlaced
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Terms:
    """What orders of one transaction are computed from and judged by. ``origin_url`` has no slash at its end."""

    prices: PriceSettings
    products: Mapping[str, Product]
    menu: Menu
    holds: Holds
    origin_url: str


@dataclass(frozen=True, slots=True)
class ComposedOrder:
    """An order that the rules allow, not yet stored. ``page_key`` opens its page without a session."""

    purchase: Purchase
    placed: OrderPlaced
    method: Method
    page_key: str

    @property
    def code(self) -> str:
        """Return the code of the order."""
        return self.placed.order_code

    def numbered(self, number: int) -> "ComposedOrder":
        """Return it with its 受付番号."""
        return replace(self, placed=self.placed.model_copy(update={"order_number": number}))


def compose_order(terms: Terms, purchase: Purchase, *, code: str, at: datetime) -> ComposedOrder:
    """Compute the order, check that it may be paid as wished, and count it among what its buyer holds.

    Raises Refused where a rule says no.
    """
    lines = order_lines(purchase.lines, terms.products)
    method = terms.menu.find(purchase.payment_kind)
    if method is None:
        raise Refused("method_unavailable", UNAVAILABLE, field="payment_kind", status=422)
    benefit = purchase.benefit
    check_benefit(purchase, at=at)
    amounts = price_order(
        lines,
        terms.prices.shipping,
        adjusting=terms.prices.adjusting,
        fee=method.fee,
        discounts=benefit.discounts if benefit else NO_DISCOUNTS,
    )
    check_method(method, purchase, amounts.total)
    _check_total(purchase, amounts.total)
    wallet = purchase.wallet
    page_key = secrets.token_urlsafe(16)
    placed = OrderPlaced(
        order_code=code,
        payment_kind=method.kind,
        payment_name=method.name,
        payment_flow=method.flow,
        payment_deposit=method.deposit,
        paid_before_shipping=method.paid_before_shipping,
        payment_choice={**check_choice(method, purchase.payment_choice), **_wallets_session(wallet)},
        amounts=amounts,
        member_id=purchase.member_id,
        registration=registration_of(purchase),
        wallet_kind=wallet.kind if wallet else None,
        wallet_buyer_id=wallet.buyer_id if wallet else None,
        orderer=purchase.orderer,
        destinations=(Destination(destination_id=new_id(), address=purchase.address, lines=tuple(lines)),),
        points_used=benefit.points if benefit else 0,
        benefit_reservation_id=benefit.reservation_id if benefit else None,
        coupon=benefit.coupon.issue_id if benefit and benefit.coupon else None,
        coupon_name=benefit.coupon.name if benefit and benefit.coupon else "",
        placed_at=at,
        page_url=f"{terms.origin_url}/orders/{code}?key={page_key}",
    )
    _count_hold(terms.holds, purchase, placed, secured=method.flow == "authorized")
    return ComposedOrder(purchase, placed, method, page_key)


def sold_out(sku: str, left: int, placed: OrderPlaced) -> Refused:
    """Return the refusal of an order for which a product, of which ``left`` pieces are there, does not suffice."""
    name = next(line.name for line in placed.destinations[0].lines if line.sku == sku)
    text = f"「{name}」の在庫は残り{left}点です。" if left else f"「{name}」は売り切れました。"
    return Refused("sold_out", f"{text}カートの数量を変更してください。", field="lines")


def _check_total(purchase: Purchase, total: int) -> None:
    """Refuse a total that the buyer did not see."""
    if purchase.total_seen is not None and purchase.total_seen != total:
        raise Refused(
            "total_changed",
            f"お支払い合計が¥{total:,}に変わりました。ご確認のうえ、もう一度確定してください。",
            field="total",
        )


def _count_hold(holds: Holds, purchase: Purchase, placed: OrderPlaced, *, secured: bool) -> None:
    """Refuse what would hold too much stock for money that comes later, or never."""
    total = placed.amounts.total
    holds.limits.check_size(purchase, total, secured=secured)
    if total > 0:
        holds.check(purchase, secured=secured)
        holds.add(purchase, placed.order_code, secured=secured)


def _wallets_session(wallet: Wallet | None) -> dict[str, str]:
    """Name the wallet's session to payments, which authorizes in it."""
    session_id = wallet.checkout_session_id if wallet else None
    return {"checkout_session_id": session_id} if session_id else {}
