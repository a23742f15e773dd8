"""Consumption tax: the rates of the day, one rounding per order and rate, and shares that add up."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from checkout.orders.stored_order import read_order
from checkout.pricing.price import Discounts, price_order
from checkout.pricing.shipping import ShippingRules
from checkout.pricing.taxes import with_taxes
from checkout.tax.rules import TaxSettings, TaxTerms
from harness.as_seen import as_seen
from harness.hearing import said
from notifications.mails.rendering import Mails, Shop
from shared.clock import JAPAN, clock
from shared.database.transactions import Database
from shared.events import Adjustment, Amounts, Line, OrderPlaced, ShopSettingsChanged, TaxedAmount
from shared.shop.settings.rows import read
from shared.shop.taxes import share_out, tax_within, taxes_after
from tests.checkout.order_examples import place
from tests.checkout.shopper import Shopper, open_shop

SETTINGS = "/desk/shop/tax"
NOW = TaxTerms(standard=10, reduced=8, rounding="down")
FREE = ShippingRules(fee=0, free_from=None)


def line(price: int, *, rate: int = 10, reduced: bool = False) -> Line:
    """Return one piece at a rate."""
    return Line(sku="x", name="品", quantity=1, unit_price=price, tax_rate=rate, tax_reduced=reduced)


FOOD = line(1_080, rate=8, reduced=True)


def sums(amounts: Amounts) -> list[tuple[int, int, int]]:
    """Return rate, amount and tax of each part."""
    return [(one.rate, one.amount, one.tax) for one in amounts.taxes]


async def settle_rates(shopper: Shopper, **typed: str) -> None:
    """Change the tax at the desk."""
    shopper.sign_in("店長 試験", staff="owner")
    form = {**TaxSettings().plain(), **typed}
    answer = await shopper.sends(SETTINGS, **await as_seen(shopper.browser, SETTINGS, form))
    assert answer.status_code == 303, shopper.text
    shopper.browser.cookies.delete("noren_session")


async def sell_food(db: Database, sku: str) -> None:
    """Put a product into the class of the reduced rate."""
    async with db.transaction() as tx:
        await tx.execute("UPDATE products SET tax_class = 'reduced' WHERE sku = :sku", sku=sku)


async def order_of(shopper: Shopper) -> str:
    """Confirm the order in the cart and open its page. Return its code."""
    answer = await shopper.sends("/order/confirm", **shopper.confirmation)
    path: str = answer.headers["location"]
    await shopper.opens(path)
    return path.split("/")[2]


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    """Let a test stop the clock of this process."""
    yield
    clock.reset()


@pytest.mark.feature("TAX-02")
def test_two_points_are_shared_out_by_largest_remainder() -> None:
    lines = [line(2_970), FOOD]

    amounts = with_taxes(price_order(lines, FREE, discounts=Discounts(points=2)), lines, NOW)

    assert sums(amounts) == [(10, 2_969, 269), (8, 1_079, 79)]
    assert amounts.total == 4_048


def test_fees_bear_the_standard_rate_also_beside_food_alone() -> None:
    amounts = with_taxes(price_order([FOOD], ShippingRules(550, None), fee=330), [FOOD], NOW)

    assert sums(amounts) == [(10, 880, 80), (8, 1_080, 80)]


def test_an_adjustment_changes_the_goods_and_not_the_fees() -> None:
    lines = [line(900), line(100, rate=8, reduced=True)]
    amounts = Amounts(
        items=1_000,
        adjustments=(Adjustment(kind="x", label="まとめ割", amount=-100),),
        shipping=500,
        coupon_discount=10,
        total=1_390,
    )

    assert sums(with_taxes(amounts, lines, NOW)) == [(10, 900 - 90 - 9 + 500, 118), (8, 100 - 10 - 1, 6)]


@pytest.mark.parametrize(("rounding", "tax"), [("down", 9), ("half_up", 10), ("up", 10)])
def test_each_rate_is_rounded_once_as_the_shop_says(rounding: str, tax: int) -> None:
    assert tax_within(105, 10, rounding) == tax  # 9.545…
    assert tax_within(110, 10, rounding) == 10


def test_rounding_half_up_rounds_down_below_the_half() -> None:
    assert (tax_within(104, 10, "half_up"), tax_within(104, 10, "up")) == (9, 10)  # 9.45…
    assert tax_within(1_000, 0, "up") == 0


def test_shares_add_up_and_equal_remainders_go_to_the_first() -> None:
    assert share_out(3, [1, 1]) == [2, 1]
    assert share_out(-3, [1, 1]) == [-2, -1]
    assert share_out(5, [0, 0]) == [5, 0]
    assert share_out(5, []) == []


def test_money_that_is_not_claimed_leaves_every_rate() -> None:
    taxes = tuple(
        TaxedAmount(rate=rate, reduced=rate == 8, amount=amount, tax=tax)
        for rate, amount, tax in ((10, 3_000, 272), (8, 1_000, 74))
    )
    amounts = Amounts(items=4_000, shipping=0, total=4_000, taxes=taxes, tax_rounding="down")

    assert [(one.amount, one.tax) for one in taxes_after(amounts, 400)] == [(2_700, 245), (900, 66)]
    assert taxes_after(amounts, 0) == taxes


@pytest.mark.feature("TAX-01")
@pytest.mark.parametrize(
    ("moment", "rate", "food"),
    [("2030-03-31T23:59:59", 10, 8), ("2030-04-01T00:00:00", 12, 0)],
)
async def test_an_order_has_the_rates_of_its_own_second(
    shop_db: Database, shopper: Shopper, stopped_clock: None, moment: str, rate: int, food: int
) -> None:
    await open_shop(shop_db, price=1_000, skus=("cup", "tea"))
    await sell_food(shop_db, "tea")
    at = datetime.fromisoformat(moment).replace(tzinfo=JAPAN)
    clock.source = lambda: at
    await settle_rates(
        shopper,
        standard_rates="２０３０年４月１日から１２％\n2019-10-01 10%",
        reduced_rates="2019/10/01から8%\n2030/4/1から0%",
    )
    await shopper.fills_cart("cup")
    await shopper.fills_cart("tea")
    await shopper.goes_to_confirmation()

    code = await order_of(shopper)

    assert f"{rate}％対象 うち消費税 ¥{1_550 * rate // (100 + rate)} ¥1,550" in shopper.text
    assert f"{food}％対象 ※ うち消費税 ¥{1_000 * food // (100 + food)} ¥1,000" in shopper.text
    async with shop_db.transaction() as tx:
        stored = await read_order(tx, code)
    assert stored is not None
    assert [(one.rate, one.amount) for one in stored.taxes] == [(rate, 1_550), (food, 1_000)]


async def test_everybody_reads_the_same_sums_of_a_mixed_order(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=1_080, skus=("cup", "tea"))
    await sell_food(shop_db, "tea")
    await shopper.fills_cart("cup", 2)
    await shopper.fills_cart("tea")
    parts = ["10％対象 うち消費税 ¥246 ¥2,710", "8％対象 ※ うち消費税 ¥80 ¥1,080", "※は軽減税率対象"]

    for path in ("/cart", "/order/confirm"):
        if path == "/order/confirm":
            await shopper.goes_to_confirmation()
        else:
            await shopper.opens(path)
        assert [part for part in parts if part not in shopper.text] == []
        assert "試験の品 tea ※" in shopper.text
        assert "試験の品 cup ※" not in shopper.text
    code = await order_of(shopper)
    assert [part for part in parts if part not in shopper.text] == []
    assert "試験の品 tea ※" in shopper.text

    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/orders/{code}")
    assert [part for part in parts if part not in shopper.text] == []
    assert "試験の品 tea ※" in shopper.text
    file = await shopper.opens("/desk/orders/export.csv?tab=all")
    assert ",10,2710,246,8,1080,80," in file.text.replace('"', "")

    [placed] = [one for one in await said(shop_db) if isinstance(one, OrderPlaced)]
    mails = Mails(Shop("暖簾", "https://shop.example", "shop@shop.example"))
    mail = mails.render(mails["order_placed.customer"], placed, placed).text
    assert "・試験の品 tea※\n" in mail
    assert "10％対象：¥2,710（うち消費税 ¥246）\n8％対象※：¥1,080（うち消費税 ¥80）\n※は軽減税率対象" in mail


async def test_an_order_of_an_earlier_release_shows_no_tax(shop_db: Database, shopper: Shopper) -> None:
    order = await place(shop_db, "konbini", "N-20261122-0009")
    shopper.sign_in("店長 試験", staff="owner")

    await shopper.opens(f"/desk/orders/{order.order_code}")

    assert "お支払い合計" in shopper.text
    assert not re.search("消費税|％対象|※", shopper.text.replace("メモ", ""))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "税率を1行以上入力してください"),
        ("来年から12%", "「来年から12%」は「2019/10/01から10％」の形で入力してください"),
        ("2030/02/30から12%", "「2030/02/30から12%」の日付は暦にありません"),
        ("2030/04/01から99%", "税率は0％から50％までの整数で入力してください"),
        ("2999/04/01から12%", "の税率がありません。現在の税率の行も残してください"),
        ("2030/04/01から10%\n2030/4/1 12%", "2030/04/01の税率が2行あります。1行にしてください"),
    ],
)
async def test_a_rate_that_cannot_be_is_refused_at_its_field(
    shop_db: Database, shopper: Shopper, typed: str, why: str
) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    form = await as_seen(shopper.browser, SETTINGS, {**TaxSettings().plain(), "standard_rates": typed})

    assert (await shopper.sends(SETTINGS, **form)).status_code == 422
    assert why in shopper.text
    async with shop_db.transaction() as tx:
        assert await read(tx, TaxSettings) == TaxSettings()


def test_a_rate_of_the_future_never_holds_today() -> None:
    stored = TaxSettings(standard_rates=["2027/04/01から12％"], reduced_rates=["2027/04/01から0％"])

    before, after = (
        stored.at(datetime.fromisoformat(moment).replace(tzinfo=JAPAN))
        for moment in ("2027-03-31T23:59:59", "2027-04-01T00:00:00")
    )

    assert (before.standard, before.reduced, after.standard, after.reduced) == (10, 8, 12, 0)


async def test_a_changed_rounding_is_on_record(shop_db: Database, shopper: Shopper) -> None:
    await settle_rates(shopper, rounding="up")

    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(SETTINGS)
    assert "店長 試験 消費税の端数処理 切捨て 切上げ" in shopper.text
    [told] = [one for one in await said(shop_db) if isinstance(one, ShopSettingsChanged)]
    assert told.subject == "消費税の端数処理：切捨て → 切上げ"
