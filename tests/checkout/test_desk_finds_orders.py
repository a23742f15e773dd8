"""The search of the desk finds an order by whatever a caller can say of it, however it is written."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from checkout.consumers import consumers
from checkout.orders.catch_up import CatchUp, ask_to_catch_up, catch_up_orders
from checkout.orders.rows import NewOrder, insert_orders
from checkout.orders.write_note import write_note
from checkout.shipping.register_tracking import register_tracking
from checkout.tables import metadata
from harness.due_once import claim, perform
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database.transactions import Database
from shared.events import Address, Destination, Line, Orderer, OrdersExported, PaymentNumberIssued
from tests.checkout.desk_client import codes, desk_client
from tests.checkout.order_examples import ADDRESS, SKU, payment, place, placed

SATO = "N261130-1234-AB5XY7CD"
SUZUKI = "N261130-1235-ZZ2YY3WW"


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys, staff="owner") as client:
        yield client


def buyer(name: str, kana: str, email: str, phone: str) -> Orderer:
    return Orderer(**{**ADDRESS, "name": name, "phone": phone}, kana=kana, email=email)


async def two_orders(db: Database) -> None:
    """An order of 佐藤 花子, who pays at a konbini and was sent a parcel, and one of somebody else."""
    sato = buyer("佐藤 花子", "サトウ ハナコ", "Hanako.Sato@example.jp", "09012345678")
    order = await place(db, "konbini", SATO, number=10_023, orderer=sato)
    suzuki = buyer("鈴木 次郎", "スズキ ジロウ", "jiro@example.com", "0399998888")
    await place(db, "card_like", SUZUKI, number=10_024, orderer=suzuki)
    issued = PaymentNumberIssued(
        **payment(SATO, "konbini"),
        amount=3_500,
        number="7945840978084",
        chain="seven_eleven",
        number_label="払込票番号",
        due_at=now(),
        page_url="http://127.0.0.1/",
    )
    await Hearing(consumers, db).hears(issued, times=2)
    async with db.transaction() as tx:
        await register_tracking(
            tx,
            order_code=SATO,
            destination_id=order.destinations[0].destination_id,
            carrier="ヤマト運輸",
            tracking_number="1234-5678-9013",
            by="店長",
            at=now(),
        )
        await write_note(tx, order_code=SATO, text="のし希望、表書きは「内祝」", by="店長", at=now())


async def found(desk: httpx.AsyncClient, words: str, **more: str) -> set[str]:
    return codes(await desk.get("/desk/orders", params={"tab": "all", "q": words, **more}))


@pytest.mark.parametrize(
    "words",
    [
        *(SATO, SATO.lower(), "AB5XY7CD", "N261130-1234", "10023", "１００２３"),
        *("佐藤花子", "佐藤 花子", "佐藤　花子", "花子", "佐藤"),
        *("サトウハナコ", "さとう はなこ", "ｻﾄｳ", "ﾊﾅｺ"),
        *("hanako.sato@example.jp", "HANAKO", "sato@example"),
        *("090-1234-5678", "09012345678", "０９０１２３４５６７８", "+81 90-1234-5678", "1234-5678", "5678"),
        *("7945840978084", "8084", "1234-5678-9013", "123456789013", "9013"),
        *("のし", "内祝", "佐藤 内祝", "湯呑　花子", "8084 さとう 10023"),
    ],
)
async def test_an_order_is_found_by_what_is_said_of_it(
    db: Database, desk: httpx.AsyncClient, words: str
) -> None:
    await two_orders(db)
    assert await found(desk, words) == {SATO}


async def test_words_that_no_one_order_has_together_find_none(db: Database, desk: httpx.AsyncClient) -> None:
    await two_orders(db)
    assert await found(desk, "湯呑 佐藤 10024") == set()


@pytest.mark.parametrize("words", ["試験の湯呑", "湯呑", "ﾕﾉﾐ湯呑", "test-cup", "TEST"])
async def test_orders_are_found_by_their_products(db: Database, desk: httpx.AsyncClient, words: str) -> None:
    await two_orders(db)
    assert await found(desk, words) == (set() if words == "ﾕﾉﾐ湯呑" else {SATO, SUZUKI})


@pytest.mark.parametrize(
    "words", ["手ぬぐい", "ぬぐい", "染手", "注染手ぬぐい", "山崎", "山﨑", "高子", "髙子", "山崎高子"]
)
async def test_part_of_a_product_and_common_kanji_of_a_name_are_enough(
    db: Database, desk: httpx.AsyncClient, words: str
) -> None:
    who = Orderer(**{**ADDRESS, "name": "山﨑 髙子"}, kana="", email="y@example.jp")
    line = Line(sku=SKU, name="注染手ぬぐい 麻の葉", quantity=2, unit_price=1_500)
    destination = Destination(
        destination_id=UUID(int=5), address=Address(**{**ADDRESS, "name": "別の人"}), lines=(line,)
    )
    order = placed("konbini", "N261130-1236-YY3ZZ4XX", orderer=who)
    async with db.transaction() as tx:
        await insert_orders(
            tx,
            [
                NewOrder(
                    order.model_copy(update={"destinations": (destination,), "order_number": 10_025}),
                )
            ],
        )
    assert await found(desk, words) == {"N261130-1236-YY3ZZ4XX"}


@pytest.mark.parametrize("words", ["%", "_", "佐%", "'", "' OR 1=1 --", "\\", "田中", ":*", "佐藤:* | 鈴木"])
async def test_signs_have_no_meaning_of_their_own(db: Database, desk: httpx.AsyncClient, words: str) -> None:
    await two_orders(db)
    assert await found(desk, words) == (set() if words != "佐%" else {SATO})


async def test_what_is_found_can_be_narrowed(db: Database, desk: httpx.AsyncClient) -> None:
    await two_orders(db)
    assert await found(desk, "湯呑", payment_kind="amazon_pay") == {SUZUKI}


async def test_orders_from_before_the_numbers_get_theirs_and_are_found(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await two_orders(db)
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM order_words")
        await tx.execute("UPDATE orders SET number = NULL")
    assert await found(desk, "佐藤花子") == set()

    async with db.transaction() as tx:
        assert await catch_up_orders(tx) == 2
    async with db.transaction() as tx:
        assert await catch_up_orders(tx) == 0
        numbers = await tx.rows("SELECT code, number FROM orders ORDER BY number")

    assert [row.code for row in numbers] == [SATO, SUZUKI]
    for words in ("佐藤花子", "さとう", "5678", "8084", "9013", "内祝", SATO, str(numbers[0].number)):
        assert await found(desk, words) == {SATO}, words


async def test_a_worker_numbers_old_orders_and_looks_again_later(db: Database) -> None:
    await two_orders(db)
    work = CatchUp(db).due_work()
    async with db.transaction() as tx:
        await tx.execute("UPDATE orders SET number = NULL")
        await ask_to_catch_up(tx, at=now())

    await perform(db, work, (await claim(db, work)).items)

    async with db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM orders WHERE number IS NULL") == 0
        assert await tx.value("SELECT due_at FROM catch_up") > now()
    assert (await claim(db, work)).rows == 0


async def test_the_short_number_stands_in_the_list_and_on_the_order(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await two_orders(db)
    assert "10023" in (await desk.get("/desk/orders", params={"tab": "all"})).text
    assert "10023" in (await desk.get(f"/desk/orders/{SATO}")).text


async def test_the_file_is_an_owners_and_clerks_are_told(db: Database, keys: Keys) -> None:
    await two_orders(db)
    async with desk_client(db, keys, staff="staff") as clerk:
        page = (await clerk.get("/desk/orders?tab=all")).text
        assert "CSVでの保存は、責任者だけが行えます。" in page
        assert "export.csv" not in page
        assert (await clerk.get("/desk/orders/export.csv")).status_code == 403
    assert await said(db) == []


async def test_the_file_holds_all_pages_of_what_is_shown(db: Database, desk: httpx.AsyncClient) -> None:
    for number in range(1, 24):
        at = now() - timedelta(minutes=number)
        who = buyer("=HYPERLINK()", "シケン", "a@example.jp", "0312345678")
        await place(db, "transfer", f"C-{number:02}", number=number, orderer=who, placed_at=at)
    await place(db, "card_like", "C-99", number=99)
    params = {"tab": "all", "payment_kind": "bank_transfer", "size": "20"}

    page = await desk.get("/desk/orders", params=params)
    link = f"/desk/orders/export.csv?{page.url.query.decode().replace('&', '&amp;')}"
    assert f'href="{link}"' in page.text
    answer = await desk.get("/desk/orders/export.csv", params=params)

    [deed] = [event for event in await said(db) if isinstance(event, OrdersExported)]
    assert deed.subject == "23件（条件：tab=all&payment_kind=bank_transfer）"
    assert deed.by
    assert deed.ip
    assert answer.headers["content-disposition"].startswith('attachment; filename="orders_')
    assert answer.content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["受注コード"] for row in rows] == [f"C-{number:02}" for number in range(1, 24)]
    assert rows[0] | {"注文日時": ""} == {
        "受付番号": "1",
        "受注コード": "C-01",
        "注文日時": "",
        "注文者": "'=HYPERLINK()",
        "決済種別": "銀行振込",
        "ステータス": "通常処理",
        "入金状況": "未入金",
        "発送状況": "未発送",
        "合計": "3500",
        "商品": "試験の湯呑×2",
        "標準税率（％）": "",
        "標準税率対象額": "",
        "標準税率消費税": "",
        "軽減税率（％）": "",
        "軽減税率対象額": "",
        "軽減税率消費税": "",
        "要確認": "",
    }
