"""What payments tells beside the straight way stands on the order, in yen, until it is settled."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from checkout.cancel_order import cancel_order
from checkout.consumers import consumers
from checkout.storage.tables import metadata
from checkout.web.buyers_words import progress
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import in_japan, now
from shared.database import Database
from shared.events import (
    BenefitShortageFound,
    OrderCancelled,
    OrderProcessed,
    PaymentCaptured,
    PaymentRefunded,
    PaymentStandingChanged,
    PaymentVoided,
    RegistrationRefused,
)
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import history, number_issued, order_row, payment, place, timeline_titles

MEMBER = UUID(int=3)


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


@pytest.fixture
def hearing(db: Database) -> Hearing:
    return Hearing(consumers, db)


def standing(code: str, revision: int, *calls: str, **amounts: int) -> PaymentStandingChanged:
    values = {"expected_amount": 3_500, **amounts}
    return PaymentStandingChanged(**payment(code, "konbini"), revision=revision, calls=calls, **values)


def captured(code: str, kind: str = "konbini") -> PaymentCaptured:
    return PaymentCaptured(**payment(code, kind), amount=3_500, captured_at=now(), source="konbini_notice")


def refunded(code: str, amount: int, left: int | None, number: int = 1) -> PaymentRefunded:
    return PaymentRefunded(
        **payment(code, "konbini"),
        refund_id=UUID(int=number),
        amount=amount,
        remaining_amount=left,
        route="gift_card",
    )


async def ship_all(desk: httpx.AsyncClient, code: str) -> None:
    await desk.post("/desk/orders/bulk", data={"action": "ship", "id": code, "confirmed": "true"})


async def test_money_paid_twice_stands_at_the_top_and_keeps_the_order_open(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-1")
    await hearing.hears(
        captured("S-1"), standing("S-1", 1, "excess_money", captured_amount=3_500, suspense_amount=3_500)
    )
    await ship_all(desk, "S-1")
    assert (await order_row(db, "S-1")).status == "in_progress", "somebody has to look first"
    page = (await desk.get("/desk/orders/S-1")).text
    assert "¥3,500 の過入金です" in page
    assert 'href="/desk/payments/S-1"' in page
    assert "すべての処理が完了しています" not in page
    assert "発送と入金が完了しました" not in page
    called = (await desk.get("/desk/orders?tab=attention")).text
    assert "S-1" in called
    assert "過入金" in called, "the list says why"
    file = (await desk.get("/desk/orders/export.csv?tab=attention")).content.decode("utf-8-sig")
    assert file.splitlines()[0].endswith("要確認")
    assert file.splitlines()[1].endswith("過入金")
    assert '要確認<span class="count">1</span>' in called

    await hearing.hears(refunded("S-1", 3_500, 3_500), standing("S-1", 2, captured_amount=3_500))
    row = await order_row(db, "S-1")
    assert (row.payment, row.status, row.payment_calls) == ("captured", "processed", [])
    assert isinstance((await said(db))[-1], OrderProcessed)
    assert "S-1" not in (await desk.get("/desk/orders?tab=attention")).text


async def test_of_two_standings_the_higher_revision_counts_however_they_arrive(
    db: Database, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-2")
    await hearing.hears(standing("S-2", 2), standing("S-2", 1, "short_money", suspense_amount=1_000), times=2)
    row = await order_row(db, "S-2")
    assert (row.standing_revision, row.payment_calls, row.suspense_amount) == (2, [], 0)
    assert await history(db, "S-2") == [(1, "place"), (2, "call")]


async def test_a_word_that_is_not_known_here_still_calls_for_staff(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-3")
    await hearing.hears(standing("S-3", 1, "something_new"))
    page = (await desk.get("/desk/orders/S-3")).text
    assert "決済の画面で内容を確認してください（something_new）。" in page


async def test_the_deposit_button_names_the_rest_of_a_short_transfer_and_a_mail_is_promised(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "transfer", "S-4")
    page = (await desk.get("/desk/orders/S-4")).text
    assert "¥3,500の入金を記録する" in page
    assert 'id="f-deposit-send_mail" name="send_mail" value="true" checked' in page
    await hearing.hears(standing("S-4", 1, "short_money", suspense_amount=1_630))
    page = (await desk.get("/desk/orders/S-4")).text
    assert "¥1,870の入金を記録する" in page
    assert "請求 ¥3,500 に対して入金は ¥1,630 です。¥1,870 不足しています。" in page
    today = in_japan(now()).date().isoformat()
    stale = await desk.post("/desk/orders/S-4/deposit", data={"deposit_date": today, "version": "1"})
    assert stale.status_code == 422, "the rest that was seen is no longer the rest"
    assert await said(db) == []


async def test_cancelling_says_all_the_money_that_goes_back_and_tells_it_on(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-5")
    await hearing.hears(
        captured("S-5"), standing("S-5", 1, "excess_money", captured_amount=3_500, suspense_amount=3_500)
    )
    page = (await desk.get("/desk/orders/S-5/cancel")).text
    assert "お預かりしている ¥7,000 をすべて返金します（うち仮受金 ¥3,500）。" in page
    async with db.transaction() as tx:
        tx.say(await cancel_order(tx, order_code="S-5", note="在庫の破損", by="店長", at=now()))
    (event,) = await said(db)
    assert isinstance(event, OrderCancelled)
    assert (event.refund_amount, event.note) == (7_000, "在庫の破損")


async def test_what_was_given_back_elsewhere_is_not_promised_again(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-6")
    await hearing.hears(
        captured("S-6"),
        refunded("S-6", 500, 3_000),
        standing("S-6", 1, "refunded_elsewhere", captured_amount=3_500, refunded_amount=500),
    )
    page = (await desk.get("/desk/orders/S-6/cancel")).text
    assert "お預かりしている ¥3,000 を返金します（¥500 は返金済みです）。" in page
    detail = (await desk.get("/desk/orders/S-6")).text
    assert "一部返金" in detail
    assert "¥500 が返金されています" in detail


@pytest.mark.parametrize(
    ("left", "word"), [(0, "返金済"), (None, "返金済"), (1_000, "一部返金")], ids=["all", "untold", "a part"]
)
async def test_a_refunded_order_is_no_longer_shown_as_paid(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, left: int | None, word: str
) -> None:
    await place(db, "konbini", "S-7")
    await hearing.hears(captured("S-7"))
    async with db.transaction() as tx:
        tx.say(await cancel_order(tx, order_code="S-7", note="試験", by="店長", at=now()))
    waiting = (await desk.get("/desk/orders?tab=all")).text
    assert "返金処理中" in waiting
    await hearing.hears(refunded("S-7", 3_500 - (left or 0), left))
    listed = (await desk.get("/desk/orders?tab=all")).text
    assert word in listed
    assert "入金済み</span>" not in listed
    assert f"{word}</span>" in (await desk.get("/desk/orders/S-7")).text


async def test_a_cancelled_number_is_shown_as_void_at_once_and_said_so(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-8")
    await hearing.hears(number_issued("S-8"))
    async with db.transaction() as tx:
        tx.say(await cancel_order(tx, order_code="S-8", note="試験", by="店長", at=now()))
    assert "無効" in (await desk.get("/desk/orders/S-8")).text
    await hearing.hears(PaymentVoided(**payment("S-8", "konbini")))
    assert "取消済" in (await desk.get("/desk/orders/S-8")).text
    assert (await timeline_titles(db, "S-8"))[-1] == "お支払い番号を無効にしました"


async def test_a_benefit_that_could_not_be_taken_calls_for_staff_until_they_have_seen_it(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-9")
    await hearing.hears(
        captured("S-9"),
        BenefitShortageFound(
            member_id=MEMBER, benefit="points", missing=500, reason="points_short", order_code="S-9"
        ),
        RegistrationRefused(member_id=MEMBER, reason="email_taken", order_code="S-9"),
    )
    await ship_all(desk, "S-9")
    page = (await desk.get("/desk/orders/S-9")).text
    assert "ポイントを引き落とせませんでした" in page
    assert "不足 500ポイント" in page
    assert "このメールアドレスはすでに会員登録されています" in page
    assert "S-9" in (await desk.get("/desk/orders?tab=attention")).text
    row = await order_row(db, "S-9")
    assert (row.status, row.own_calls) == ("in_progress", ["benefit_shortage", "registration_refused"])
    old = await desk.post("/desk/orders/S-9/seen", data={"version": "1"})
    assert old.status_code == 409
    answer = await desk.post("/desk/orders/S-9/seen", data={"version": str(row.version)})
    assert answer.status_code == 303
    row = await order_row(db, "S-9")
    assert (row.status, row.own_calls) == ("processed", [])
    assert "確認済みにしました" in await timeline_titles(db, "S-9")


async def test_the_desk_names_codes_and_pictures_of_the_goods(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "konbini", "S-10")
    page = (await desk.get("/desk/orders/S-10")).text
    assert "商品コード test-cup" in page
    assert 'src="/static/shop/goods/cup.svg"' in page
    assert "注文商品" in page


async def test_short_money_given_back_after_the_end_is_refunded_everywhere(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-20")
    await hearing.hears(number_issued("S-20"), standing("S-20", 1, "short_money", suspense_amount=1_000))
    async with db.transaction() as tx:
        tx.say(await cancel_order(tx, order_code="S-20", note="試験", by="店長", at=now()))
    await hearing.hears(PaymentVoided(**payment("S-20", "konbini")))
    assert "返金処理中" in (await desk.get("/desk/orders?tab=all")).text
    await hearing.hears(
        refunded("S-20", 1_000, 0), standing("S-20", 2, suspense_amount=1_000, refunded_amount=1_000)
    )
    listed = (await desk.get("/desk/orders?tab=all")).text
    assert "返金済" in listed
    page = (await desk.get("/desk/orders/S-20")).text
    assert "仮受金</dt>" not in page
    assert "お預かりしていたお金（¥1,000）を返金しました" in page
    assert "取消済" not in page
    file = (await desk.get("/desk/orders/export.csv?tab=all")).content.decode("utf-8-sig")
    assert "返金済" in file
    assert "未入金" not in file
    row = await order_row(db, "S-20")
    assert progress(row).text == "ご注文はキャンセルされました。お支払いは返金済みです。"


async def test_the_excess_given_back_is_told_once_with_its_yen(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "S-21")
    paid_twice = {"captured_amount": 3_500, "suspense_amount": 3_500}
    await hearing.hears(
        captured("S-21"),
        standing("S-21", 1, "excess_money", **paid_twice),
        standing("S-21", 2, "excess_money", **paid_twice),
        standing("S-21", 3, **paid_twice, refunded_amount=3_500),
        standing("S-21", 4, **paid_twice, refunded_amount=3_500),
    )
    titles = await timeline_titles(db, "S-21")
    assert titles[-2:] == ["決済の確認が必要です：過入金", "過入金（¥3,500）を返金しました"]


async def test_an_order_settled_short_says_what_is_not_asked_for(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "S-22")
    await hearing.hears(
        standing("S-22", 1, "short_money", suspense_amount=2_630),
        standing("S-22", 2, captured_amount=2_630),
    )
    assert (await timeline_titles(db, "S-22"))[-1] == "入金不足のまま確定しました（不足¥870は請求しません）"
