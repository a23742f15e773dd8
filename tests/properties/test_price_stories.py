"""Any basket: the price that is shown is the price that is charged and the sum of every paper, to the yen."""

import re
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.calendar.rules import CalendarSettings
from checkout.carts.rules import Cart, CartLine
from checkout.catalogue.rules import Product
from checkout.my_orders.receipt import receipt_of
from checkout.order_desk.one_order_shown import amounts_rows
from checkout.orders.rows import NewOrder, order_values
from checkout.orders.stored_order import StoredOrder, stored_order
from checkout.payment_menu.rules import Menu, Method
from checkout.placing.buyer_limits import BoughtBefore
from checkout.placing.claims import ReservedBenefit
from checkout.placing.compose_order import OrderTerms, compose_order
from checkout.placing.order_wish import OrderWish
from checkout.placing.quote import Quote, quote_cart
from checkout.placing.reserved_stock import ReservedStock, SizeLimits, StockLimits
from checkout.pricing.lines import amount_lines
from checkout.pricing.shipping import ShippingRules
from checkout.tax.rules import TaxSettings
from notifications.mails.rendering import Mails, Shop
from shared.clock import now
from shared.errors import Refused
from shared.events import Address, Adjustment, Orderer, OrderPlaced
from shared.ids import new_id
from tests.checkout.payment_terms import on_menu
from tests.checkout.shopper import ORDERER, a_coupon
from tests.properties.price_model import Basket, Goods, Priced, priced
from tests.properties.profile import stories

MAILS = Mails(Shop("暖簾", "https://shop.example", "shop@shop.example"))
NO_LIMITS = StockLimits(0, 0, 0, 0, 0, SizeLimits(), SizeLimits())
YEN = re.compile(r"：【?(−?)¥([\d,]+)")

baskets = st.builds(
    Basket,
    goods=st.lists(
        st.builds(Goods, st.integers(1, 60_000), st.integers(1, 9), st.booleans()), min_size=1, max_size=5
    ),
    standard=st.sampled_from([10, 10, 12, 15]),
    reduced=st.sampled_from([8, 8, 0, 10]),
    rounding=st.sampled_from(["down", "half_up", "up"]),
    shipping=st.integers(0, 1_500),
    free_from=st.one_of(st.none(), st.integers(0, 30_000)),
    after_discounts=st.booleans(),
    fee=st.sampled_from([0, 330, 1]),
    changes=st.lists(st.integers(-2_000, 700), max_size=2),
    coupon=st.one_of(
        st.none(),
        st.tuples(st.just("percent_off"), st.integers(1, 100)),
        st.tuples(st.just("amount_off"), st.integers(1, 9_000)),
        st.just(("free_shipping", 0)),
    ),
    points=st.one_of(st.just(0), st.integers(1, 50), st.integers(0, 30_000)),
)


@dataclass(frozen=True)
class Changes:
    """A price rule of the shop that adds or takes off a number of yen."""

    yen: int

    def adjust(self, goods: int) -> Adjustment | None:
        """Return the change, whatever the goods cost."""
        return Adjustment(kind="story", label="店の規則", amount=self.yen) if self.yen else None


class Till:
    """A shop in which one basket is shown, then ordered."""

    def __init__(self, basket: Basket) -> None:
        self.at = now()
        self.tax = TaxSettings.model_validate(
            {
                "standard_rates": [f"2019/10/01から{basket.standard}％"],
                "reduced_rates": [f"2019/10/01から{basket.reduced}％"],
                "rounding": basket.rounding,
            }
        )
        self.prices = cast(
            Any,
            SimpleNamespace(
                shipping=ShippingRules(basket.shipping, basket.free_from, basket.after_discounts),
                adjusting=[Changes(yen) for yen in basket.changes],
            ),
        )
        self.products = {
            f"p{n}": Product(
                f"p{n}", "品", "", "", "", "", one.price, 99, tax_class="reduced" if one.food else "standard"
            )
            for n, one in enumerate(basket.goods)
        }
        self.cart = Cart(
            tuple(
                CartLine(product, one.pieces)
                for product, one in zip(self.products.values(), basket.goods, strict=True)
            )
        )
        self.method = Method.model_validate(
            {"kind": "cod", "name": "代金引換", "fee": basket.fee, **on_menu("cash_on_delivery")}
        )
        self.benefit = ReservedBenefit.model_validate(
            {
                "reservation_id": new_id(),
                "member_id": new_id(),
                "points": basket.points,
                "coupon": a_coupon(*basket.coupon) if basket.coupon else None,
            }
        )

    def shows(self) -> Quote:
        """Return what the pages before the order show."""
        return quote_cart(
            self.cart,
            self.prices,
            self.tax.at(self.at),
            fee=self.method.fee,
            discounts=self.benefit.discounts,
        )

    def charges(self, total_seen: int) -> OrderPlaced:
        """Place the order for the total that the buyer saw."""
        terms = OrderTerms(
            is_open=True,
            prices=self.prices,
            tax=self.tax,
            calendar=CalendarSettings(),
            products=self.products,
            menu=Menu([self.method]),
            reserved=ReservedStock(NO_LIMITS, []),
            bought=BoughtBefore({}),
            origin_url="https://shop.example",
        )
        wish = OrderWish(
            key="key-12345678",
            lines=tuple((line.product.sku, line.quantity) for line in self.cart.lines),
            orderer=Orderer(**ORDERER),
            address=Address(**{name: ORDERER[name] for name in Address.model_fields}),
            payment_kind="cod",
            total_seen=total_seen,
            member_id=self.benefit.member_id,
            benefit=self.benefit,
        )
        return compose_order(terms, wish, code="N-20261122-0001", at=self.at).placed


def papers(placed: OrderPlaced) -> dict[str, list[int]]:
    """Return the sums of every paper of an order: of its lines, of its rates, and the total that it names."""
    mail = MAILS.render(MAILS["order_placed.customer"], placed, placed).text
    block = mail.partition("■ お支払い金額")[2].partition("■")[0].strip().splitlines()
    yen = [(line, amount_of(line)) for line in block if YEN.search(line)]
    rates = [amount for line, amount in yen if "％対象" in line]
    total = next(amount for line, amount in yen if line.startswith("お支払い合計"))
    stored = as_stored(placed)
    return {
        "mail": [sum(amount for _, amount in yen) - total - sum(rates), sum(rates), total],
        "order page": [
            sum(amount for _, amount, _ in amount_lines(stored.amounts)),
            sum(one.amount for one in stored.amounts.taxes),
            stored.amounts.total,
        ],
        "desk": [
            sum(amount for _, amount in amounts_rows(stored)),
            sum(one.amount for one in stored.taxes),
            stored.total,
        ],
        "receipt": receipt_sums(stored, 0) if stored.total else [0, 0, 0],
    }


def receipt_sums(stored: StoredOrder, waived: int) -> list[int]:
    """Return the sums of the receipt of an order of which the shop does not claim ``waived`` yen."""
    paid = replace(stored, status="in_progress", deposit="paid", payment="captured", deposit_date=None)
    receipt = receipt_of(paid, [], waived=waived)
    return [
        sum(amount for _, amount, _ in receipt.parts),
        sum(one.amount for one in receipt.taxes),
        receipt.total,
    ]


def amount_of(line: str) -> int:
    """Return the first amount of a line of a mail, with its sign."""
    found = YEN.search(line)
    assert found is not None
    return int(found[2].replace(",", "")) * (-1 if found[1] else 1)


def as_stored(placed: OrderPlaced) -> StoredOrder:
    """Return the order as its row gives it back."""
    row = {"money_with_us": None, **order_values(NewOrder(placed))}
    return stored_order(**{name: row.get(name, 0) for name in StoredOrder.columns()})


@pytest.mark.feature("TAX-02")
@stories(short=150, long=5_000)
@given(baskets, st.integers(0, 100))
def test_what_is_shown_is_charged_and_is_the_sum_of_every_paper(basket: Basket, percent: int) -> None:
    till, expected = Till(basket), priced(basket)
    shown = till.shows()
    if expected is None:
        assert shown.trouble
        with pytest.raises(Refused):
            till.charges(shown.amounts.total)
        return

    placed = till.charges(shown.amounts.total)

    assert placed.amounts == shown.amounts
    assert priced_as(placed) == expected
    assert sum(amount for _, amount, _ in shown.lines) == expected.total
    for paper, sums in papers(placed).items():
        assert sums == [expected.total] * 3, paper
    waived = expected.total * percent // 100
    if expected.total:
        assert receipt_sums(as_stored(placed), waived) == [expected.total - waived] * 3
    marked = [line.tax_reduced for line in placed.destinations[0].lines]
    assert marked == [one.food and basket.reduced < basket.standard for one in basket.goods]


def priced_as(placed: OrderPlaced) -> Priced:
    """Return the price of an order in the words of the model."""
    amounts = placed.amounts
    return Priced(amounts.total, {one.rate: (one.amount, one.tax) for one in amounts.taxes})
