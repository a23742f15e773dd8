"""在庫・入荷: goods that arrive are for sale at once, each delivery booked once and by whom."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from checkout.stock.book_stock import STOCK_MAX
from checkout.tables import metadata
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.database.transactions import Database
from shared.ids import new_id
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import SKU, place, stock_row, stock_up

PAGE = f"/desk/stock/{SKU}"


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


def receipt(**changes: Any) -> dict[str, Any]:
    return {"pieces": "１２", "cause": "仕入", "memo": "納品書 77", "key": str(new_id()), **changes}


async def test_a_delivery_raises_the_stock_and_says_who_and_why(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await stock_up(db, available=3)
    await place(db, "transfer", "G-1")

    answer = await desk.post(PAGE, data=receipt())

    assert answer.status_code == 303
    assert await stock_row(db) == (13, 2)
    page = (await desk.get(PAGE)).text
    assert "12個の入荷を登録しました（販売可能 13個）" in page
    newest, older = re.findall(r"<tr><td><time.*?</tr>", page, re.DOTALL)
    for words in ("入荷", "+12", "仕入：納品書 77", "店長 試験"):
        assert words in newest
    for words in ("引当済み", "-2", "+2", "/desk/orders/G-1"):
        assert words in older


async def test_the_same_form_sent_twice_is_booked_once(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=0)
    form = receipt()
    for _ in range(2):
        assert (await desk.post(PAGE, data=form)).status_code == 303
    assert await stock_row(db) == (12, 0)


@pytest.mark.parametrize("changes", [{"pieces": "100"}, {"cause": "棚卸による追加"}, {"memo": "納品書 78"}])
async def test_a_known_key_with_another_delivery_is_refused(
    db: Database, desk: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    await stock_up(db, available=0)
    form = receipt()
    await desk.post(PAGE, data=form)
    answer = await desk.post(PAGE, data={**form, **changes})
    assert answer.status_code == 409
    assert "この入荷は記録済みです" in answer.text
    assert await stock_row(db) == (12, 0)


async def test_the_key_of_another_products_delivery_is_refused(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=0)
    await stock_up(db, available=0, sku="other-goods")
    form = receipt()
    await desk.post(PAGE, data=form)
    assert (await desk.post("/desk/stock/other-goods", data=form)).status_code == 409


async def test_two_products_with_one_key_at_once_book_one(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=0)
    await stock_up(db, available=0, sku="other-goods")
    pages = (PAGE, "/desk/stock/other-goods")
    for form in [receipt() for _ in range(5)]:
        answers = await asyncio.gather(*(desk.post(page, data=form) for page in pages))
        assert sorted(answer.status_code for answer in answers) == [303, 409]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pieces": "0"}, "入荷数は1〜9,999の数字で入力してください"),
        ({"pieces": "-5"}, "入荷数は1〜9,999の数字で入力してください"),
        ({"pieces": "10000"}, "入荷数は1〜9,999の数字で入力してください"),
        ({"pieces": "5,80"}, "入荷数は1〜9,999の数字で入力してください"),
        ({"pieces": "many"}, "入荷数は1〜9,999の数字で入力してください"),
        ({"cause": ""}, "入荷の理由を選択してください"),
        ({"cause": "盗品"}, "入荷の理由は選択肢から選んでください"),
    ],
)
async def test_what_cannot_be_booked_is_told_at_its_field(
    db: Database, desk: httpx.AsyncClient, wrong: dict[str, str], words: str
) -> None:
    await stock_up(db, available=3)
    answer = await desk.post(PAGE, data=receipt(**wrong))
    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert await stock_row(db) == (3, 0)


async def test_more_than_can_be_counted_is_refused(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=STOCK_MAX)
    answer = await desk.post(PAGE, data=receipt(pieces="1"))
    assert answer.status_code == 422
    assert "在庫は9,999,999個までです" in answer.text
    assert await stock_row(db) == (STOCK_MAX, 0)


async def test_a_product_that_is_not_ours_has_no_stock(db: Database, desk: httpx.AsyncClient) -> None:
    assert (await desk.get("/desk/stock/nothing")).status_code == 404
    assert (await desk.post("/desk/stock/nothing", data=receipt())).status_code == 404


async def test_the_list_shows_every_product_or_that_there_is_none(
    db: Database, desk: httpx.AsyncClient
) -> None:
    assert "商品はまだありません" in (await desk.get("/desk/stock")).text
    await stock_up(db, available=0)
    page = (await desk.get("/desk/stock")).text
    assert PAGE in page
    assert "在庫なし" in page


async def test_the_ledger_has_pages_and_an_empty_one_explains_itself(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await stock_up(db, available=0)
    assert "在庫の動きはまだありません" in (await desk.get(PAGE)).text
    for number in range(1, 23):
        await desk.post(PAGE, data=receipt(memo=f"納品書 {number:02}"))
    second = (await desk.get(f"{PAGE}?size=20&page=2")).text
    assert "22件中 21–22件" in second
    assert re.findall(r"納品書 (\d+)", second) == ["02", "01"]


async def test_nobody_but_staff_sees_or_books_goods(db: Database, keys: Keys) -> None:
    await stock_up(db, available=3)
    async with desk_client(db, keys, staff=None) as shopper:
        assert (await shopper.get(PAGE)).status_code == 403
        assert (await shopper.post(PAGE, data=receipt())).status_code == 403
    assert await stock_row(db) == (3, 0)
