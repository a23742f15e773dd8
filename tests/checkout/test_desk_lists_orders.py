"""The work lists of the order desk show each order where it belongs, and nobody but staff sees them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import httpx
import pytest

from checkout.consumers import consumers
from checkout.shipping.ship_order import ShipWish, ship_order
from checkout.tables import metadata
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import in_japan, now
from shared.database.transactions import Database
from shared.events import PaymentAuthorized, PaymentCaptured, PaymentExpired, SessionsRevoked
from tests.checkout.desk_client import STAFF, codes, desk_client
from tests.checkout.order_examples import payment, place


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


def boxes(answer: httpx.Response) -> set[str]:
    return set(re.findall(r'name="id" value="([^"]+)"', answer.text))


async def authorize(db: Database, code: str) -> None:
    await Hearing(consumers, db).hears(
        PaymentAuthorized(
            **payment(code),
            authorization_id="S03-1",
            amount=3_500,
            authorized_at=now(),
            provider_status="承認済",
        )
    )


async def capture(db: Database, code: str) -> None:
    await Hearing(consumers, db).hears(
        PaymentCaptured(**payment(code), amount=3_500, captured_at=now(), source="admin")
    )


async def ship(db: Database, code: str) -> None:
    async with db.transaction() as tx:
        await ship_order(
            tx, order_code=code, sent=None, wish=ShipWish(source="admin_bulk", by="試験", at=now())
        )


async def tabs_with(desk: httpx.AsyncClient, code: str) -> set[str]:
    found = set()
    for tab in ("all", "unshipped", "unpaid", "processed"):
        if code in codes(await desk.get("/desk/orders", params={"tab": tab})):
            found.add(tab)
    return found


@pytest.mark.feature("AP-31")
@pytest.mark.feature("ORD-01", clause="new: in progress")
async def test_a_new_amazon_pay_order_is_listed_as_in_progress(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "card_like", "A-1")
    answer = await desk.get("/desk/orders")
    assert codes(answer) == {"A-1"}
    row = answer.text.split('data-href="/desk/orders/A-1"')[1].split("</tr>")[0]
    for word in ("通常処理", "未入金", "未発送", "Amazon Pay", "¥3,500"):
        assert word in row


@pytest.mark.feature("ORD-09")
async def test_an_order_is_in_exactly_the_tabs_of_its_state(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "card_like", "T-1")
    assert await tabs_with(desk, "T-1") == {"all", "unshipped", "unpaid"}
    await authorize(db, "T-1")
    await ship(db, "T-1")
    assert await tabs_with(desk, "T-1") == {"all", "unpaid"}
    await capture(db, "T-1")
    assert await tabs_with(desk, "T-1") == {"all", "processed"}


@pytest.mark.feature("ORD-05")
async def test_the_default_search_finds_only_unpaid_unshipped_orders(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "card_like", "N-1")
    await place(db, "card_like", "N-2")
    await place(db, "card_like", "N-3", order_kind="preorder")
    await authorize(db, "N-2")
    await ship(db, "N-2")
    assert codes(await desk.get("/desk/orders")) == {"N-1"}


@pytest.mark.feature("AP-32")
async def test_the_search_by_payment_kind_returns_only_that_kind(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "card_like", "P-1")
    await place(db, "konbini", "P-2")
    answer = await desk.get("/desk/orders", params={"tab": "all", "payment_kind": "amazon_pay"})
    assert codes(answer) == {"P-1"}


@pytest.mark.feature("PAY-28")
async def test_the_search_by_two_payment_kinds_returns_their_union(
    db: Database, desk: httpx.AsyncClient
) -> None:
    for group in ("card_like", "konbini", "transfer"):
        await place(db, group, f"K-{group}")
    params = {"tab": "all", "payment_kind": ["amazon_pay", "bank_transfer"]}
    answer = await desk.get("/desk/orders", params=params)
    assert codes(answer) == {"K-card_like", "K-transfer"}
    ticked = re.findall(r'name="payment_kind" value="(\w+)" checked', answer.text)
    assert sorted(ticked) == ["amazon_pay", "bank_transfer"]


@pytest.mark.feature("ORD-04")
async def test_preorders_and_subscriptions_are_no_normal_orders(
    db: Database, desk: httpx.AsyncClient
) -> None:
    for kind in ("normal", "preorder", "subscription"):
        await place(db, "transfer", f"O-{kind}", order_kind=kind)
    assert codes(await desk.get("/desk/orders")) == {"O-normal"}
    for kind in ("normal", "preorder", "subscription"):
        answer = await desk.get("/desk/orders", params={"tab": "all", "order_kind": kind})
        assert codes(answer) == {f"O-{kind}"}


@pytest.mark.feature("ORD-06")
async def test_all_orders_return_with_deposit_and_shipping_left_open(
    db: Database, desk: httpx.AsyncClient
) -> None:
    for code in ("L-1", "L-2", "L-3"):
        await place(db, "card_like", code)
    await authorize(db, "L-2")
    await ship(db, "L-2")
    await authorize(db, "L-3")
    await ship(db, "L-3")
    await capture(db, "L-3")
    params = {"tab": "all", "status": "", "deposit": "", "shipping": ""}
    assert codes(await desk.get("/desk/orders", params=params)) == {"L-1", "L-2", "L-3"}


@pytest.mark.feature("ORD-07", "PAY-13")
async def test_a_cash_on_delivery_order_is_found_in_any_deposit_state(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "cash_on_delivery", "D-1")
    assert codes(await desk.get("/desk/orders", params={"tab": "all", "deposit": ""})) == {"D-1"}
    page = await desk.get("/desk/orders/D-1")
    assert "管理対象外" in page.text
    assert 'name="deposit_date"' not in page.text


@pytest.mark.feature("PAY-05")
async def test_the_unpaid_list_narrows_to_what_was_shipped(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "card_like", "S-1")
    await place(db, "card_like", "S-2")
    await authorize(db, "S-2")
    await ship(db, "S-2")
    answer = await desk.get("/desk/orders", params={"tab": "unpaid", "shipping": "shipped"})
    assert codes(answer) == {"S-2"}


@pytest.mark.feature("PAY-06", clause="no checkbox")
async def test_the_unpaid_list_has_no_box_for_konbini_and_cash(db: Database, desk: httpx.AsyncClient) -> None:
    for group in ("card_like", "transfer", "konbini", "cash_on_delivery"):
        await place(db, group, f"B-{group}")
    answer = await desk.get("/desk/orders", params={"tab": "unpaid"})
    assert boxes(answer) == {"B-card_like", "B-transfer"}
    assert codes(answer) == {"B-card_like", "B-transfer", "B-konbini"}


def counts(answer: httpx.Response) -> dict[str, int]:
    found = re.findall(r'href="/desk/orders\?tab=(\w+)"[^>]*>[^<]*<span class="count">(\d+)<', answer.text)
    return {tab: int(count) for tab, count in found}


@pytest.mark.feature("ORD-07")
@pytest.mark.feature("PAY-13", clause="found with any deposit state")
async def test_a_list_of_unpaid_orders_says_where_cash_at_the_door_is(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "cash_on_delivery", "D-1")
    await place(db, "card_like", "D-2")
    new = await desk.get("/desk/orders")
    assert codes(new) == {"D-2"}
    assert counts(new) == {"new": 1, "all": 2, "unshipped": 2, "unpaid": 1, "processed": 0, "attention": 0}
    assert "ほかに代金引換の注文が1件あります" in new.text
    [elsewhere] = re.findall(r'<a href="([^"]+)">入金状況「すべて」で表示する', new.text)
    assert codes(await desk.get(unescape(elsewhere))) == {"D-1", "D-2"}

    unpaid = await desk.get("/desk/orders", params={"tab": "unpaid"})
    assert codes(unpaid) == {"D-2"}
    assert "代金引換の注文が" not in unpaid.text


async def test_the_way_to_cash_at_the_door_keeps_the_search(db: Database, desk: httpx.AsyncClient) -> None:
    for code in ("W-1", "V-1"):
        await place(db, "cash_on_delivery", code)
        await place(db, "konbini", f"{code}-K")
        await place(db, "transfer", f"{code}-T")
    today = in_japan(now()).date().isoformat()
    asked = {
        "q": "W-",
        "deposit": "unpaid",
        "payment_kind": ["cash_on_delivery", "konbini"],
        "placed_from": today,
    }
    found = await desk.get("/desk/orders", params={"tab": "all", **asked})
    assert codes(found) == {"W-1-K"}
    assert "ほかに代金引換の注文が1件あります" in found.text
    [elsewhere] = re.findall(r'<a href="([^"]+)">入金状況「すべて」で表示する', found.text)
    assert codes(await desk.get(unescape(elsewhere))) == {"W-1", "W-1-K"}
    others = await desk.get("/desk/orders", params={"tab": "all", **asked, "payment_kind": "konbini"})
    assert "代金引換の注文が" not in others.text


@pytest.mark.feature("PAY-06", clause="no checkbox")
async def test_a_list_without_boxes_has_no_box_for_all_and_no_bar(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "konbini", "Z-1")
    nothing = await desk.get("/desk/orders", params={"tab": "unpaid"})
    assert codes(nothing) == {"Z-1"}
    assert "data-select" not in nothing.text
    assert "注文を入金済みにする" not in nothing.text
    await place(db, "transfer", "Z-2")
    some = await desk.get("/desk/orders", params={"tab": "unpaid"})
    assert boxes(some) == {"Z-2"}
    assert "data-select-all" in some.text
    assert "注文を入金済みにする" in some.text


async def test_the_search_takes_code_name_day_and_wildcards_as_letters(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "card_like", "F-1", placed_at=now() - timedelta(days=3))
    await place(db, "card_like", "F-2")

    async def found(**wanted: str) -> set[str]:
        return codes(await desk.get("/desk/orders", params={"tab": "all", **wanted}))

    assert await found(q="f-1") == {"F-1"}
    assert await found(q="花子") == {"F-1", "F-2"}
    assert await found(q="%") == set()
    today = (now() + timedelta(hours=9)).date().isoformat()
    assert await found(placed_from=today) == {"F-2"}


async def test_a_date_that_is_none_is_told_at_its_field(desk: httpx.AsyncClient) -> None:
    answer = await desk.get("/desk/orders", params={"tab": "all", "placed_from": "きのう"})
    assert answer.status_code == 422
    assert "注文日(から)は日付で入力してください" in answer.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["placed_from", "placed_to"])
async def test_a_day_at_the_end_of_time_is_told_at_its_field(
    db: Database, keys: Keys, name: str, day: str
) -> None:
    async with desk_client(db, keys, staff="owner") as owner:
        for path in ("/desk/orders", "/desk/orders/export.csv"):
            answer = await owner.get(path, params={"tab": "all", name: day})
            assert answer.status_code == 422
            assert "は2000年から2999年までの日付を入力してください" in answer.text
    assert await said(db) == []


async def test_the_list_pages_and_keeps_the_search(db: Database, desk: httpx.AsyncClient) -> None:
    for number in range(25):
        await place(db, "card_like", f"L-{number:02}")
    first = await desk.get("/desk/orders", params={"tab": "all", "size": 20, "sort": "code"})
    second = await desk.get("/desk/orders", params={"tab": "all", "size": 20, "sort": "code", "page": 2})
    assert len(codes(first)) == 20
    assert codes(second) == {f"L-{number}" for number in range(20, 25)}
    assert "25件中 21–25件" in second.text


async def test_an_order_cancelled_unpaid_stays_and_cannot_be_selected(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "konbini", "X-39")
    await Hearing(consumers, db).hears(PaymentExpired(**payment("X-39", "konbini"), due_at=now()))
    answer = await desk.get("/desk/orders", params={"tab": "all"})
    assert codes(answer) == {"X-39"}
    assert "キャンセル" in answer.text
    assert boxes(answer) == set()
    detail = (await desk.get("/desk/orders/X-39")).text
    assert "お支払い期限切れによる自動キャンセル" in detail
    assert 'name="destinations"' not in detail


async def test_an_empty_list_says_what_will_appear(desk: httpx.AsyncClient) -> None:
    answer = await desk.get("/desk/orders", params={"tab": "all"})
    assert "まだ注文はありません" in answer.text


@pytest.mark.parametrize("path", ["/desk/orders", "/desk/orders/X-1", "/desk/orders/X-1/cancel"])
async def test_nobody_is_sent_to_the_login_and_shoppers_are_refused(
    db: Database, keys: Keys, path: str
) -> None:
    async with desk_client(db, keys, name="") as nobody:
        answer = await nobody.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/login")
    async with desk_client(db, keys, staff=None) as shopper:
        assert (await shopper.get(path)).status_code == 403


async def test_a_revoked_session_is_refused_from_the_next_page_on(
    db: Database, desk: httpx.AsyncClient
) -> None:
    assert (await desk.get("/desk/orders")).status_code == 200
    await Hearing(consumers, db).hears(
        SessionsRevoked(member_id=STAFF, issued_until=now() + timedelta(seconds=1)), times=2
    )
    assert (await desk.get("/desk/orders")).status_code == 303


async def test_what_is_unpaid_has_its_word_mark_and_colour(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "transfer", "U-1")
    page = (await desk.get("/desk/orders?tab=all")).text
    assert re.search(r'<span class="badge badge-stop"><svg.*?</svg>未入金</span>', page, re.DOTALL)
    assert re.search(r'<span class="badge badge-wait"><svg.*?</svg>未発送</span>', page, re.DOTALL)
