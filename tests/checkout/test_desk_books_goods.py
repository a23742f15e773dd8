"""在庫・入荷: what staff receive, correct and count, each booked once, by whom and why."""

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


def correction(**changes: Any) -> dict[str, Any]:
    form = {"change": "-3", "cause": "破損・汚損", "memo": "箱つぶれ", "key": str(new_id()), **changes}
    return {f"correction-{name}": value for name, value in form.items()}


def count(**changes: Any) -> dict[str, Any]:
    form = {"counted": "9", "memo": "月末", "key": str(new_id()), **changes}
    return {f"count-{name}": value for name, value in form.items()}


async def told(db: Database) -> list[str]:
    return [str(row.body) for row in await db.look("SELECT body FROM outbox WHERE type = 'stock_booked.v1'")]


@pytest.mark.feature("CAT-02", clause="correction falls and is named")
async def test_a_correction_lowers_the_stock_and_says_who_and_why(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await stock_up(db, available=10)

    assert (await desk.post(f"{PAGE}/correction", data=correction())).status_code == 303

    assert await stock_row(db) == (7, 0)
    page = (await desk.get(PAGE)).text
    newest = re.findall(r"<tr><td><time.*?</tr>", page, re.DOTALL)[0]
    for words in ("訂正", "-3", "破損・汚損：箱つぶれ", "店長 試験"):
        assert words in newest
    assert "訂正 -3個（破損・汚損：箱つぶれ）" in (await told(db))[0]


@pytest.mark.feature("CAT-02", clause="below the reserved refused")
async def test_a_correction_below_what_is_reserved_is_refused(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=4)
    await place(db, "transfer", "G-1")  # two pieces

    answer = await desk.post(f"{PAGE}/correction", data=correction())
    counted = await desk.post(f"{PAGE}/count", data=count(counted="1"))

    for refused in (answer, counted):
        assert refused.status_code == 422
        assert (
            "注文に引き当てた2個を下回るため、登録できません。減らせるのは販売可能な2個までです"
            in refused.text
        )
    assert await stock_row(db) == (2, 2)
    assert await told(db) == []


async def test_a_correction_sent_twice_is_booked_once(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=10)
    form = correction(change="２")
    for _ in range(2):
        assert (await desk.post(f"{PAGE}/correction", data=form)).status_code == 303
    assert await stock_row(db) == (12, 0)
    other = await desk.post(f"{PAGE}/correction", data={**form, "correction-change": "5"})
    assert "この訂正は記録済みです" in other.text


async def test_a_count_books_the_difference_or_that_there_is_none(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await stock_up(db, available=12)
    await place(db, "transfer", "G-1")
    form = count()
    for _ in range(2):
        answer = await desk.post(f"{PAGE}/count", data=form)
        assert answer.status_code == 303
    assert await stock_row(db) == (7, 2)
    assert "実数 9個：月末" in (await desk.get(PAGE)).text
    await desk.post(f"{PAGE}/count", data=count())
    assert await stock_row(db) == (7, 2)
    rows = await db.look("SELECT available_change FROM stock_entries WHERE reason = 'counted' ORDER BY at")
    assert [row.available_change for row in rows] == [-3, 0]


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("correction", correction(change="0"), "増減は0以外で入力してください"),
        ("correction", correction(change="many"), "増減は-9,999〜9,999の数字で入力してください"),
        ("correction", correction(cause=""), "訂正の理由を選択してください"),
        ("count", count(counted="-1"), "数えた実数は0以上で入力してください"),
        ("low", {"low-low_at": ""}, "在庫わずかの目安を入力してください"),
    ],
)
async def test_what_cannot_be_corrected_is_told_at_its_field(
    db: Database, desk: httpx.AsyncClient, path: str, form: dict[str, str], words: str
) -> None:
    await stock_up(db, available=10)
    answer = await desk.post(f"{PAGE}/{path}", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert await stock_row(db) == (10, 0)


async def test_products_with_few_pieces_are_on_a_list(db: Database, desk: httpx.AsyncClient) -> None:
    await stock_up(db, available=8)
    await stock_up(db, available=0, sku="other-goods")
    assert f'"{PAGE}"' not in (await desk.get("/desk/stock?tab=low")).text
    assert (await desk.post(f"{PAGE}/low", data={"low-low_at": "8"})).status_code == 303
    low = (await desk.get("/desk/stock?tab=low")).text
    out = (await desk.get("/desk/stock?tab=out")).text
    assert f'"{PAGE}"' in low
    assert f'"{PAGE}"' not in out
    assert "/desk/stock/other-goods" in out
    assert "目安 5個 → 8個" in (await told(db))[0]


async def test_stock_is_found_and_saved_as_a_file(db: Database, keys: Keys) -> None:
    await stock_up(db, available=8)
    async with desk_client(db, keys, staff="owner") as owner:
        assert PAGE in (await owner.get("/desk/stock?q=湯呑")).text
        assert "条件に合う商品はありません" in (await owner.get("/desk/stock?q=急須")).text
        file = (await owner.get("/desk/stock/export.csv")).content.decode("utf-8-sig")
    assert f"{SKU},試験の湯呑,器,販売中,8,0,8,5" in file


async def test_a_role_without_the_right_sees_stock_and_books_nothing(db: Database, keys: Keys) -> None:
    await stock_up(db, available=8)
    async with desk_client(db, keys, staff="reader") as reader:
        assert "入荷を登録する</button>" not in (await reader.get(PAGE)).text
        for path, form in (("", receipt()), ("/correction", correction()), ("/count", count())):
            assert (await reader.post(f"{PAGE}{path}", data=form)).status_code == 403
    assert await stock_row(db) == (8, 0)
