"""Stock is not reserved for ever for those who do not pay: the open orders of one buyer are counted first."""

import asyncio

import pytest

from checkout.settings import Settings
from harness.hearing import said
from harness.keys import Keys
from shared.database.transactions import Database
from shared.ids import new_id
from shared.text.mail_address import counted_mail
from tests.checkout.ordering_program import SORRY, order, program, stored_orders
from tests.checkout.payment_terms import on_menu
from tests.checkout.shopper import ORDERER, Shopper, open_shop, shop_app


async def test_a_guest_has_three_unpaid_orders_per_mail_at_any_moment(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {"guest_unpaid_orders_per_email": 3}) as client:
        answers = await asyncio.gather(*(order(client, key=f"same-moment-{n}") for n in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 7
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["code"] == "too_many_unpaid_orders"
        assert SORRY in refused.json()["detail"]
        assert (await order(client, email=ORDERER["email"].upper())).status_code == 429
        taken = next(n for n, answer in enumerate(answers) if answer.status_code == 201)
        again = await order(client, key=f"same-moment-{taken}")
        assert again.json() == answers[taken].json(), "a repeated request finds its order"
        assert (await order(client, payment_kind="cash_on_delivery")).status_code == 429
        assert (await order(client, email="other@example.jp")).status_code == 201
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT available FROM stock") == 96
        await tx.execute("UPDATE orders SET deposit = 'paid' WHERE payment_kind = 'bank_transfer'")
    async with program(shop_db, keys, {"guest_unpaid_orders_per_email": 3}) as client:
        assert (await order(client)).status_code == 201, "who has paid may order again"


async def test_what_is_paid_at_the_door_counts_until_it_has_left(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {"guest_unpaid_orders_per_address": 3}) as client:
        answers = [
            await order(client, payment_kind="cash_on_delivery", email=f"cod{n}@example.jp") for n in range(5)
        ]
        assert [answer.status_code for answer in answers] == [201] * 3 + [429] * 2
        async with shop_db.transaction() as tx:
            await tx.execute("UPDATE orders SET shipping = 'shipped'")
        assert (await order(client, payment_kind="cash_on_delivery")).status_code == 201


async def test_one_address_of_the_network_has_a_limit_too(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    limits = {"guest_unpaid_orders_per_address": 2}
    async with (
        program(shop_db, keys, limits) as here,
        program(shop_db, keys, limits, address="192.0.2.2") as there,
    ):
        codes = [(await order(here, email=f"b{n}@example.jp")).status_code for n in range(3)]
        assert codes == [201, 201, 429]
        assert (await order(there, email="b9@example.jp")).status_code == 201


async def test_a_household_has_one_network_of_ipv6(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    limits = {"guest_unpaid_orders_per_address": 1}
    homes = ("2001:db8:0:1::a", "2001:db8:0:1::b", "2001:db8:0:2::a", "::ffff:192.0.2.1", "::ffff:192.0.2.2")
    codes = []
    for home in homes:
        async with program(shop_db, keys, limits, address=home) as client:
            codes.append((await order(client, email=f"{new_id()}@example.jp")).status_code)
    assert codes == [201, 429, 201, 201, 201]


async def test_a_tag_in_a_mail_address_makes_no_new_mailbox(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {"guest_unpaid_orders_per_email": 1}) as client:
        assert (await order(client, email="Hana+one@example.jp")).status_code == 201
        assert (await order(client, email="hana@example.jp")).status_code == 429
        assert (await order(client, email="hana+two+more@example.jp")).status_code == 429
        assert (await order(client, email="hanae@example.jp")).status_code == 201
    async with shop_db.transaction() as tx:
        kept = await tx.rows("SELECT orderer_email FROM orders ORDER BY placed_at")
    assert kept[0].orderer_email.lower() == "hana+one@example.jp", "the tag is left out for counting only"
    assert counted_mail("a+b@example.jp") == "a@example.jp"


def test_the_orderers_marks_have_a_stricter_limit_than_a_mail() -> None:
    fields = Settings.model_fields
    browser = fields["guest_unpaid_orders_per_browser"].default
    assert 0 < browser < fields["guest_unpaid_orders_per_email"].default


async def test_one_browser_is_told_in_words_before_anything_is_stored(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    shopper = Shopper(shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_browser": 3}), keys)
    for _ in range(4):
        await shopper.fills_cart()
        await shopper.goes_to_confirmation("konbini", chain="lawson")
        await shopper.sends("/order/confirm", **shopper.confirmation)
    await shopper.opens("/order/confirm")
    assert SORRY in shopper.text
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM orders") == 3
        assert await tx.value("SELECT count(*) FROM placements") == 3
    assert len(await said(shop_db)) == 6


async def test_orders_that_await_a_wallet_count_for_their_browser(shop_db: Database, keys: Keys) -> None:
    card = {"kind": "card", "name": "カード", **on_menu("card_like")}
    await open_shop(shop_db, menu=(card, {"kind": "cash_on_delivery", "name": "代金引換"}))
    shopper = Shopper(shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_browser": 2}), keys)

    async def orders_by(method: str) -> str:
        await shopper.fills_cart()
        await shopper.goes_to_confirmation(method)
        sent = await shopper.sends("/order/confirm", **shopper.confirmation)
        return str(sent.headers["location"].rsplit("/", 1)[0])

    assert [await orders_by("card") for _ in range(3)] == ["/orders", "/orders", "/order"]
    assert await orders_by("cash_on_delivery") == "/order"
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET payment = 'authorized'")
    assert [await orders_by("card"), await orders_by("cash_on_delivery")] == ["/orders", "/orders"]


async def test_a_strangers_orders_do_not_lock_out_a_mailboxs_owner(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    limits = {"guest_unpaid_orders_per_email": 2}
    async with program(shop_db, keys, limits) as stranger:
        assert [(await order(stranger)).status_code for _ in range(3)] == [201, 201, 429]
    async with program(shop_db, keys, limits, address="192.0.2.2") as owner:
        assert (await order(owner)).status_code == 201


@pytest.mark.parametrize(
    ("limits", "lines", "code", "told"),
    [
        (
            {"guest_pieces_per_product_max": 5},
            [("cup", 6)],
            "guest_pieces_exceeded",
            "1つの商品につき5点まで",
        ),
        ({"guest_pieces_max": 8}, [("cup", 5), ("bowl", 4)], "guest_pieces_exceeded", "合計8点まで"),
        ({"guest_unpaid_amount_max": 8_000}, [("cup", 9)], "guest_amount_exceeded", "合計¥8,000まで"),
    ],
)
async def test_a_guest_orders_no_more_at_once_than_is_sold_unseen(
    shop_db: Database,
    keys: Keys,
    limits: dict[str, int],
    lines: list[tuple[str, int]],
    code: str,
    told: str,
) -> None:
    await open_shop(shop_db, skus=("cup", "bowl"))
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    async with program(shop_db, keys, limits) as client:
        refused = await order(client, lines=wanted)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
        assert refused.headers["content-type"] == "application/problem+json"
        assert told in refused.json()["detail"]
        assert await stored_orders(shop_db) == 0
        assert (await order(client, lines=[{"sku": "cup", "quantity": 5}])).status_code == 201


async def test_too_many_pieces_are_told_on_the_confirmation(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits={"guest_pieces_max": 1})
    guest = Shopper(app, keys)
    for shopper in (guest, Shopper(app, keys, name="試験 花子")):
        await shopper.fills_cart(quantity=2)
        await shopper.goes_to_confirmation("cash_on_delivery")
        sent = await shopper.sends("/order/confirm", **shopper.confirmation)
        assert sent.status_code == 303
    await guest.opens("/order/confirm")
    assert "合計1点までとなります。数量を変更するか、会員としてログインしてからご注文ください。" in guest.text
    assert await stored_orders(shop_db) == 1, "a proved member has no such limit"


async def test_a_transfer_has_the_limits_that_the_menu_says(shop_db: Database, keys: Keys) -> None:
    menu = (
        {"kind": "bank_transfer", "name": "銀行振込", **on_menu("transfer"), "amount_max": 2_000},
        {"kind": "konbini", "name": "コンビニ払い", **on_menu("konbini"), "amount_min": 2_000},
    )
    await open_shop(shop_db, price=1_000, menu=menu)
    async with program(shop_db, keys, {}) as client:
        assert (await order(client)).status_code == 201
        much = await order(client, lines=[{"sku": "cup", "quantity": 2}])
        assert (much.status_code, much.json()["code"]) == (422, "method_unavailable")
        little = await order(client, payment_kind="konbini")
        assert little.status_code == 422
        assert "お支払い金額が¥2,000未満のためご利用いただけません" in little.json()["detail"]
