"""Prices are computed from rules, the same for every payment method."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.orders.rules.code import ORDER_CODE, new_order_code
from checkout.payment_menu.rules import Method, OrderToPay, check_choice
from checkout.pricing.coupon import Coupon
from checkout.pricing.lines import amount_lines
from checkout.pricing.price import Discounts, price_order
from checkout.pricing.shipping import ShippingRules
from shared.clock import now
from shared.errors import Refused
from shared.events import Adjustment, Line
from tests.checkout.payment_terms import Group, on_menu
from tests.checkout.shopper import AMAZON_PAY, KONBINI, a_coupon

RULES = ShippingRules(fee=550, free_from=5_000)


def coupon(kind: str, value: int = 0, **changes: int) -> Coupon:
    """Return a coupon as checkout reads it from a statement."""
    return Coupon.model_validate(a_coupon(kind, value, **changes))


def lines(amount: int) -> list[Line]:
    """Return goods for ``amount`` yen."""
    return [Line(sku="cup", name="湯呑", quantity=1, unit_price=amount)]


@pytest.mark.feature("SHP-24", clause="free from the threshold")
@pytest.mark.parametrize(("items", "shipping"), [(4_999, 550), (5_000, 0), (5_001, 0)])
def test_shipping_is_free_from_the_threshold_on(items: int, shipping: int) -> None:
    amounts = price_order(lines(items), RULES)

    assert (amounts.shipping, amounts.total) == (shipping, items + shipping)


@pytest.mark.parametrize(("items", "missing"), [(4_999, 1), (1, 4_999), (5_000, 0), (9_000, 0)])
def test_the_cart_tells_how_much_is_missing_for_free_shipping(items: int, missing: int) -> None:
    assert RULES.missing_until_free(items) == missing
    assert ShippingRules(fee=550, free_from=None).missing_until_free(items) == 0
    assert ShippingRules(fee=0, free_from=5_000).missing_until_free(items) == 0


def test_points_do_not_cost_the_free_shipping_unless_wanted() -> None:
    off = Discounts(points=500)

    assert price_order(lines(5_000), RULES, discounts=off).total == 4_500
    after = ShippingRules(fee=550, free_from=5_000, after_discounts=True)
    assert price_order(lines(5_000), after, discounts=off).total == 4_500 + 550
    assert (after.fee_for(5_000), after.fee_for(5_001, discounts=1), after.fee_for(5_000, discounts=1)) == (
        0,
        0,
        550,
    )


def test_a_free_shipping_coupon_and_points_come_off_together() -> None:
    dear = ShippingRules(fee=800, free_from=None)

    amounts = price_order(lines(5_000), dear, discounts=Discounts(500, coupon("free_shipping")))

    assert (amounts.shipping, amounts.total) == (0, 4_500)


@pytest.mark.parametrize(
    ("kind", "value", "items", "discount"),
    [
        ("amount_off", 500, 10_000, 500),
        ("percent_off", 10, 10_000, 1_000),
        ("percent_off", 10, 1_999, 199),
        ("percent_off", 1, 99, 0),
        ("percent_off", 100, 999, 999),
        ("amount_off", 500, 300, 300),
        ("free_shipping", 0, 10_000, 0),
    ],
)
def test_a_coupon_takes_its_part_off_the_goods_rounded_down(
    kind: str, value: int, items: int, discount: int
) -> None:
    dear = ShippingRules(fee=800, free_from=None)
    amounts = price_order(lines(items), dear, discounts=Discounts(0, coupon(kind, value)))

    assert amounts.coupon_discount == discount
    assert amounts.total == items - discount + (0 if kind == "free_shipping" else 800)


def test_points_come_off_after_a_percentage() -> None:
    amounts = price_order(lines(10_000), RULES, discounts=Discounts(1_000, coupon("percent_off", 10)))

    assert (amounts.coupon_discount, amounts.point_discount, amounts.total) == (1_000, 1_000, 8_000)


@pytest.mark.parametrize(("items", "accepted"), [(2_999, False), (3_000, True)])
def test_a_coupon_asks_for_its_least_sum_of_goods(items: int, accepted: bool) -> None:
    discounts = Discounts(0, coupon("amount_off", 300, minimum=3_000))
    if accepted:
        assert price_order(lines(items), RULES, discounts=discounts).coupon_discount == 300
        return
    with pytest.raises(Refused, match="商品合計¥3,000以上"):
        price_order(lines(items), RULES, discounts=discounts)


def test_discounts_may_leave_nothing_to_pay_but_not_less() -> None:
    assert price_order(lines(300), RULES, discounts=Discounts(points=849)).total == 1
    assert price_order(lines(300), RULES, discounts=Discounts(points=850)).total == 0
    with pytest.raises(Refused) as refused:
        price_order(lines(300), RULES, discounts=Discounts(points=851))
    assert (refused.value.code, refused.value.status) == ("discount_exceeds_total", 422)
    assert refused.value.message == (
        "ご利用ポイントとクーポンがお支払い合計を超えています。"
        "ご利用ポイントを減らすか、クーポンを外してください。"
    )


@given(
    st.lists(st.tuples(st.integers(1, 99), st.integers(1, 200_000)), min_size=1, max_size=8),
    st.integers(0, 2_000),
    st.one_of(st.none(), st.integers(0, 50_000)),
    st.integers(0, 500),
    st.integers(0, 5_000),
    st.booleans(),
)
def test_the_total_is_always_the_sum_of_its_parts(
    wanted: list[tuple[int, int]], fee: int, free_from: int | None, method_fee: int, points: int, free: bool
) -> None:
    goods = [
        Line(sku=str(n), name="品", quantity=quantity, unit_price=price)
        for n, (quantity, price) in enumerate(wanted)
    ]
    try:
        amounts = price_order(
            goods,
            ShippingRules(fee, free_from),
            fee=method_fee,
            discounts=Discounts(points, coupon("free_shipping") if free else None),
        )
    except Refused:
        assert points >= sum(line.quantity * line.unit_price for line in goods)
        return
    assert amounts.total == amounts.items + amounts.shipping + amounts.fee - amounts.point_discount
    assert amounts.total >= 0
    assert amounts.shipping in (0, fee)


@pytest.mark.parametrize(("total", "reason"), [(300_000, None), (300_001, "limit")])
def test_the_konbini_limit_is_inclusive(total: int, reason: str | None) -> None:
    assert Method.model_validate(KONBINI).unsuited(OrderToPay(total)) == reason


def test_a_wallet_pays_on_its_own_page_only_and_alone() -> None:
    wallet, konbini = Method.model_validate(AMAZON_PAY), Method.model_validate(KONBINI)

    assert wallet.unsuited(OrderToPay(1_000)) == "wallet_only"
    assert wallet.unsuited(OrderToPay(1_000, wallet_kind="amazon_pay")) is None
    assert konbini.unsuited(OrderToPay(1_000, wallet_kind="amazon_pay")) == "not_in_wallet"


def test_the_former_release_and_this_one_read_each_others_menu() -> None:
    former: dict[Group, dict[str, bool]] = {
        "card_like": {"authorized_at_order": True},
        "konbini": {"auto_captured": True},
        "transfer": {"manual_deposit": True},
        "cash_on_delivery": {},
    }
    for group, words in former.items():
        method = Method.model_validate({"kind": "some", "name": "方法", **words})
        assert method == Method.model_validate({"kind": "some", "name": "方法", **on_menu(group)})
        kept = method.as_kept()
        assert {
            name for name in former["card_like"] | former["konbini"] | former["transfer"] if kept[name]
        } == {*words}


@pytest.mark.parametrize("chosen", [{}, {"chain": ""}, {"chain": "unknown"}])
def test_a_choice_must_be_one_of_the_methods_own(chosen: dict[str, str]) -> None:
    with pytest.raises(Refused, match="お支払い先を選択してください"):
        check_choice(Method.model_validate(KONBINI), chosen)


def test_unknown_choices_do_not_reach_the_order() -> None:
    konbini = Method.model_validate(KONBINI)

    assert check_choice(konbini, {"chain": "lawson", "free": "yes"}) == {"chain": "lawson"}


def test_order_codes_sort_by_time_and_do_not_repeat() -> None:
    at = now()
    codes = {new_order_code(at) for _ in range(2_000)}

    assert len(codes) == 2_000
    assert all(ORDER_CODE.fullmatch(code) for code in codes)
    midnight = at.replace(hour=15, minute=0, second=0, microsecond=0)  # 0:00 in Japan
    day = [new_order_code(midnight.replace(hour=hour, minute=5)) for hour in (15, 16, 23)]
    assert day == sorted(day)


class TakesOff:
    """A rule of the shop that takes a fixed sum off."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    def adjust(self, goods: int) -> Adjustment | None:
        return Adjustment(kind="test", label="まとめ割", amount=-self.amount) if goods >= 3_000 else None


def test_a_rule_of_the_shop_counts_before_coupon_and_points() -> None:
    tenth = coupon("percent_off", 10)
    amounts = price_order(
        lines(6_000), RULES, adjusting=[TakesOff(1_000)], discounts=Discounts(points=100, coupon=tenth)
    )
    assert (amounts.adjusted, amounts.coupon_discount, amounts.total) == (-1_000, 500, 4_400)
    assert amount_lines(amounts)[:2] == [("商品合計", 6_000, ""), ("まとめ割", -1_000, "")]
    assert price_order(lines(2_000), RULES, adjusting=[TakesOff(1_000)]).adjustments == ()


def test_rules_of_the_shop_never_take_more_than_the_goods_cost() -> None:
    amounts = price_order(lines(3_000), RULES, adjusting=[TakesOff(5_000)], fee=330)
    assert (amounts.total, amounts.adjusted) == (550 + 330, -3_000)
