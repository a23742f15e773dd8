"""What payments tells beside the straight way stands on the order, in yen, until it is settled."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from checkout.consumers import consumers
from checkout.my_orders.labels import Progress, progress
from checkout.orders.cancel_order import cancel_order
from checkout.orders.stored_order import read_order
from checkout.tables import metadata
from harness.as_seen import BULK, as_seen
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import in_japan, now
from shared.database.transactions import Database
from shared.events import (
    BenefitShortageFound,
    CancellationMoneyChanged,
    OrderCancelled,
    OrderProcessed,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentRefunded,
    PaymentStandingChanged,
    PaymentVoided,
    RefundTakenBack,
    RegistrationRefused,
)
from shared.shop.money_back import MONEY_BACK
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import history, number_issued, order_row, payment, place, timeline_titles

MEMBER = UUID(int=3)


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys, staff="owner") as client:
        yield client


@pytest.fixture
def hearing(db: Database) -> Hearing:
    return Hearing(consumers, db)


async def progress_of(db: Database, code: str) -> Progress:
    async with db.transaction() as tx:
        order = await read_order(tx, code)
    assert order is not None
    return progress(order)


def standing(code: str, revision: int, *calls: str, **amounts: int) -> PaymentStandingChanged:
    values: dict[str, Any] = {"expected_amount": 3_500, **amounts}
    return PaymentStandingChanged(**payment(code, "konbini"), revision=revision, calls=calls, **values)


def captured(code: str, kind: str = "konbini") -> PaymentCaptured:
    return PaymentCaptured(**payment(code, kind), amount=3_500, captured_at=now(), source="provider_notice")


def refunded(
    code: str, amount: int, left: int | None, number: int = 1, *, spare: int = 0, by: str = ""
) -> PaymentRefunded:
    return PaymentRefunded(
        **payment(code, "konbini"),
        refund_id=UUID(int=number),
        amount=amount,
        spare_amount=spare,
        remaining_amount=left,
        by=by,
        route="gift_card",
    )


def shown_money(page: str) -> dict[str, str]:
    """Return the rows of the order's page that tell of its money."""
    rows = re.findall(r"<dt>(入金額|うち仮受金|返金額|お預かり中)</dt><dd>([^<]*)</dd>", page)
    return dict(rows)


async def ship_all(desk: httpx.AsyncClient, code: str) -> None:
    await desk.post(BULK, data=await as_seen(desk, BULK, {"action": "ship", "id": code, "confirmed": "true"}))


async def test_money_paid_twice_stands_on_top_and_keeps_an_order_open(
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


async def test_of_two_standings_the_higher_revision_counts(db: Database, hearing: Hearing) -> None:
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


async def test_the_deposit_button_names_the_rest_and_promises_a_mail(
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


async def test_cancelling_says_and_tells_all_the_money_that_goes_back(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-5")
    await hearing.hears(
        captured("S-5"), standing("S-5", 1, "excess_money", captured_amount=3_500, suspense_amount=3_500)
    )
    page = (await desk.get("/desk/orders/S-5/cancel")).text
    assert "お預かりしている ¥7,000 をすべて返金します（うち仮受金 ¥3,500）。" in page
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="S-5", note="在庫の破損", by="店長", at=now())
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


def taken_back(code: str, amount: int, left: int, *, spare: int = 0) -> RefundTakenBack:
    return RefundTakenBack(
        **payment(code, "konbini"),
        refund_id=UUID(int=1),
        amount=amount,
        spare_amount=spare,
        remaining_amount=left,
        by="店長",
        route="gift_card",
    )


@pytest.mark.parametrize("amount", [500, 3_500])
async def test_a_refund_record_taken_back_leaves_the_order_paid(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, amount: int
) -> None:
    await place(db, "konbini", "R-1")
    left = 3_500 - amount
    await hearing.hears(
        captured("R-1"),
        refunded("R-1", amount, left),
        standing("R-1", 1, captured_amount=3_500, refunded_amount=amount),
        taken_back("R-1", amount, 3_500),
        standing("R-1", 2, captured_amount=3_500),
        times=2,
    )
    row = await order_row(db, "R-1")
    assert (row.payment, row.deposit, row.money_with_us) == ("captured", "paid", 3_500)
    assert "返金" not in (await progress_of(db, row.code)).text
    page = (await desk.get("/desk/orders/R-1")).text
    assert f"返金 ¥{amount:,} の記録を取り消しました" in page
    assert "実際には返金していませんでした" in page
    assert shown_money(page) == {"入金額": "¥3,500"}


async def test_another_refund_stays_where_a_record_is_taken_back(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "R-2")
    await hearing.hears(
        captured("R-2"),
        refunded("R-2", 1_000, 2_500),
        refunded("R-2", 500, 2_000, 2),
        standing("R-2", 1, captured_amount=3_500, refunded_amount=1_500),
        taken_back("R-2", 500, 2_500),
    )
    row = await order_row(db, "R-2")
    assert (row.payment, row.money_with_us) == ("refunded_in_part", 2_500)


async def test_yen_taken_back_that_are_not_here_leave_it_refunded(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "R-4")
    await hearing.hears(captured("R-4"), refunded("R-4", 4_000, 0), taken_back("R-4", 500, 0))
    row = await order_row(db, "R-4")
    assert (row.payment, row.money_with_us) == ("refunded", 0)


async def test_an_order_not_refunded_no_longer_reads_as_refunded(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "R-3")
    await hearing.hears(captured("R-3"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="R-3", note="試験", by="店長", at=now())
    await hearing.hears(refunded("R-3", 3_500, 0))
    assert "返金済みです" in (await progress_of(db, "R-3")).text
    await hearing.hears(taken_back("R-3", 3_500, 3_500))
    assert "返金いたします" in (await progress_of(db, "R-3")).text


@pytest.mark.parametrize(
    ("left", "word"), [(0, "返金済"), (None, "返金済"), (1_000, "一部返金")], ids=["all", "untold", "a part"]
)
async def test_a_refunded_order_is_no_longer_shown_as_paid(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, left: int | None, word: str
) -> None:
    await place(db, "konbini", "S-7")
    await hearing.hears(captured("S-7"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="S-7", note="試験", by="店長", at=now())
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
        await cancel_order(tx, order_code="S-8", note="試験", by="店長", at=now())
    assert "無効" in (await desk.get("/desk/orders/S-8")).text
    await hearing.hears(PaymentVoided(**payment("S-8", "konbini")))
    assert "取消済" in (await desk.get("/desk/orders/S-8")).text
    assert (await timeline_titles(db, "S-8"))[-1] == "お支払い番号を無効にしました"


async def test_a_lost_benefit_calls_for_staff_until_they_have_seen_it(
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


async def paid_and_reversed(db: Database, hearing: Hearing, code: str) -> Any:
    """Store a konbini order whose receipt was taken back by the till; return it as placed."""
    order = await place(db, "konbini", code)
    await hearing.hears(number_issued(code), captured(code), standing(code, 1, "receipt_reversed"))
    return order


async def test_money_the_till_took_back_leaves_the_order_unpaid(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    order = await paid_and_reversed(db, hearing, "T-1")
    row = await order_row(db, "T-1")
    assert (row.payment, row.deposit, row.deposit_date) == ("short", "unpaid", None)
    assert (await history(db, "T-1"))[-3:] == [(5, "call"), (6, "take_back"), (7, "undeposit")]
    assert (await timeline_titles(db, "T-1"))[-1] == "未入金に戻りました"
    page = (await desk.get("/desk/orders/T-1")).text
    for words in ("入金不足", "入金の取消", "このままでは発送できません", "お預かりしているのは ¥0 です"):
        assert words in page
    assert "receipt_reversed" not in page
    assert "発送処理をしてください" not in page

    bulk = await desk.post(
        BULK, data=await as_seen(desk, BULK, {"action": "ship", "id": "T-1", "confirmed": "true"})
    )
    assert "入金が取り消されたため発送できません" in bulk.text
    fields = {"version": str(row.version), "destinations": str(order.destinations[0].destination_id)}
    assert (await desk.post("/desk/orders/T-1/ship", data=fields)).status_code == 422
    assert await said(db) == []
    fields["override_reason"] = "店頭で現金を受領済み"
    assert (await desk.post("/desk/orders/T-1/ship", data=fields)).status_code == 303


async def test_the_buyer_reads_of_money_taken_back_and_what_to_do(db: Database, hearing: Hearing) -> None:
    await paid_and_reversed(db, hearing, "T-2")
    told = await progress_of(db, "T-2")
    assert told.word == "お支払いの確認中"
    assert "ご入金が取り消された" in told.text
    assert "同じお支払い番号でお支払いください" in told.text


async def test_an_order_that_is_paid_once_more_is_paid_again(db: Database, hearing: Hearing) -> None:
    await paid_and_reversed(db, hearing, "T-3")
    await hearing.hears(captured("T-3"), standing("T-3", 2, captured_amount=3_500))
    row = await order_row(db, "T-3")
    assert (row.payment, row.deposit) == ("captured", "paid")
    await hearing.hears(standing("T-3", 3, "receipt_reversed"))
    row = await order_row(db, "T-3")
    assert (row.payment, row.deposit) == ("short", "unpaid")


async def test_a_reversal_after_a_part_refund_is_to_be_paid_again(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "T-8")
    await hearing.hears(number_issued("T-8"), captured("T-8"))
    await hearing.hears(standing("T-8", 1, captured_amount=3_500, refunded_amount=1_000))
    await hearing.hears(standing("T-8", 2, "receipt_reversed", captured_amount=1_000, refunded_amount=1_000))
    row = await order_row(db, "T-8")
    assert row.payment == "short", "the page shows the number to such an order"
    told = await progress_of(db, row.code)
    assert (told.word, "同じお支払い番号でお支払いください" in told.text) == ("お支払いの確認中", True)


async def test_a_payment_told_after_its_reversal_pays_nothing(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "T-4")
    earlier = captured("T-4")
    await hearing.hears(number_issued("T-4"), standing("T-4", 1, "receipt_reversed"), earlier)
    row = await order_row(db, "T-4")
    assert (row.payment, row.deposit) == ("short", "unpaid")


async def test_the_next_standing_rights_a_reversal_told_too_late(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "T-5")
    await hearing.hears(captured("T-5"), captured("T-5"), standing("T-5", 1, "receipt_reversed"))
    await hearing.hears(standing("T-5", 2, captured_amount=3_500))
    row = await order_row(db, "T-5")
    assert (row.payment, row.deposit) == ("captured", "paid")


async def test_a_shipped_closed_order_without_its_money_is_called_for(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "T-6")
    await hearing.hears(captured("T-6"))
    await ship_all(desk, "T-6")
    assert (await order_row(db, "T-6")).status == "processed"
    await hearing.hears(standing("T-6", 1, "receipt_reversed"))
    row = await order_row(db, "T-6")
    assert (row.status, row.shipping, row.deposit) == ("processed", "shipped", "unpaid")
    page = (await desk.get("/desk/orders/T-6")).text
    assert "すでに発送済みです。お客様にお支払いの状況を確認してください。" in page
    assert "すべての処理が完了しています" not in page
    assert "T-6" in (await desk.get("/desk/orders?tab=attention")).text


async def test_less_that_staff_took_for_the_whole_stays_paid(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "T-7")
    await hearing.hears(standing("T-7", 1, "short_money", suspense_amount=3_400))
    await hearing.hears(captured("T-7").model_copy(update={"amount": 3_400}))
    await hearing.hears(standing("T-7", 2, captured_amount=3_400))
    row = await order_row(db, "T-7")
    assert (row.payment, row.deposit) == ("captured", "paid")


async def test_a_number_that_expires_after_its_reversal_ends_the_order(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await paid_and_reversed(db, hearing, "T-8")
    await hearing.hears(PaymentExpired(**payment("T-8", "konbini"), due_at=now()))
    row = await order_row(db, "T-8")
    assert (row.status, row.payment) == ("cancelled", "expired")
    assert "入金済み</span>" not in (await desk.get("/desk/orders/T-8")).text


@pytest.mark.parametrize("told", ["refund", "standing", "both"])
async def test_a_lost_chargeback_unpays_the_order_and_holds_the_parcel(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, told: str
) -> None:
    order = await place(db, "card_like", "T-9")
    await hearing.hears(
        PaymentAuthorized(
            **payment("T-9"),
            authorization_id="A-1",
            amount=3_500,
            authorized_at=now(),
            provider_status="承認済",
        ),
        captured("T-9", "amazon_pay"),
    )
    lost = standing("T-9", 1, "chargeback_lost", captured_amount=3_500, refunded_amount=3_500)
    back = refunded("T-9", 3_500, 0).model_copy(update={"by_dispute": True})
    if told in ("refund", "both"):
        await hearing.hears(back)
    if told in ("standing", "both"):
        await hearing.hears(lost)
    row = await order_row(db, "T-9")
    assert (row.payment, row.deposit) == ("refunded", "unpaid")
    assert [move for _, move in await history(db, "T-9")].count("undeposit") == 1
    page = (await desk.get("/desk/orders/T-9")).text
    assert "返金済" in page
    assert "発送処理をしてください" not in page
    assert "このままでは発送できません" in page
    assert "チャージバックで代金が回収されました" in page
    fields = {"version": str(row.version), "destinations": str(order.destinations[0].destination_id)}
    assert (await desk.post("/desk/orders/T-9/ship", data=fields)).status_code == 422
    assert "お客様に戻っています" in (await progress_of(db, row.code)).text


@pytest.mark.parametrize("amount", [500, 3_500])
async def test_a_chargeback_not_lost_after_all_leaves_the_order_paid(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, amount: int
) -> None:
    await place(db, "konbini", "T-12")
    back = refunded("T-12", amount, 3_500 - amount).model_copy(update={"by_dispute": True})
    undone = taken_back("T-12", amount, 3_500).model_copy(update={"by_dispute": True})
    await hearing.hears(
        captured("T-12"),
        back,
        standing("T-12", 1, "chargeback_lost", captured_amount=3_500, refunded_amount=amount),
        undone,
        standing("T-12", 2, "chargeback", captured_amount=3_500),
        times=2,
    )
    row = await order_row(db, "T-12")
    assert (row.payment, row.deposit, row.money_with_us) == ("captured", "paid", 3_500)
    assert "戻って" not in (await progress_of(db, row.code)).text
    page = (await desk.get("/desk/orders/T-12")).text
    assert f"チャージバックによる返金 ¥{amount:,} を取り消しました" in page
    assert "代金は回収されていませんでした" in page
    assert "実際には返金していませんでした" not in page
    assert "チャージバックの申し立てがあります" in page
    assert shown_money(page) == {"入金額": "¥3,500"}


@pytest.mark.parametrize("went", [0, 500], ids=["whole", "after a part"])
async def test_a_refund_that_failed_is_owed_at_the_order_too(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, went: int
) -> None:
    await place(db, "card_like", "T-13")
    await hearing.hears(captured("T-13", "amazon_pay"))
    if went:
        await hearing.hears(refunded("T-13", went, 3_500 - went))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="T-13", note="試験", by="店長", at=now())
    await hearing.hears(standing("T-13", 1, "refund_failed", captured_amount=3_500, refunded_amount=went))
    listed = (await desk.get("/desk/orders?tab=all")).text
    assert "要返金" in listed
    assert "返金失敗" in listed, "the word that payments has for it"
    assert "返金処理中" not in listed
    assert "返金いたします" in (await progress_of(db, "T-13")).text


async def test_a_state_and_a_call_of_one_word_are_listed_once(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "T-14")
    await hearing.hears(
        captured("T-14"),
        standing("T-14", 1, "receipt_reversed", "short_money", suspense_amount=1_000),
    )
    listed = (await desk.get("/desk/orders?tab=attention")).text
    assert (await order_row(db, "T-14")).payment == "short"
    assert listed.count("入金不足") == 1
    assert "入金の取消" in listed


async def test_what_went_back_from_the_bank_is_not_said_of_a_provider(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "transfer", "T-15")
    calls = ("refunded_elsewhere", "refund_unexplained")
    await hearing.hears(standing("T-15", 1, *calls, captured_amount=3_500, refunded_amount=700))
    page = (await desk.get("/desk/orders/T-15")).text
    assert "銀行で ¥700 が返金されています" in page
    assert "多い返金が銀行にあります" in page
    assert "決済会社" not in page


async def test_a_chargeback_lost_after_cancelling_ends_the_refund(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "T-10")
    await hearing.hears(captured("T-10", "amazon_pay"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="T-10", note="試験", by="店長", at=now())
    assert "返金処理中" in (await desk.get("/desk/orders/T-10")).text
    await hearing.hears(standing("T-10", 1, captured_amount=3_500, refunded_amount=3_500))
    page = (await desk.get("/desk/orders/T-10")).text
    assert "返金処理中" not in page
    assert "返金済" in page


async def test_a_cancelled_order_without_its_receipt_awaits_no_refund(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "T-11")
    await hearing.hears(captured("T-11"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="T-11", note="試験", by="店長", at=now())
    await hearing.hears(standing("T-11", 1))
    page = (await desk.get("/desk/orders/T-11")).text
    assert "返金処理中" not in page
    assert "取消済" in page


@pytest.mark.parametrize(
    "word", ["receipt_reversed", "chargeback_lost", "refund_unexplained", "no_answer", "answer_mismatch"]
)
async def test_every_word_of_payments_is_told_in_words(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, word: str
) -> None:
    await place(db, "konbini", "T-12")
    await hearing.hears(standing("T-12", 1, word))
    assert word not in (await desk.get("/desk/orders/T-12")).text


async def test_short_money_given_back_after_the_end_is_refunded(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-20")
    await hearing.hears(number_issued("S-20"), standing("S-20", 1, "short_money", suspense_amount=1_000))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="S-20", note="試験", by="店長", at=now())
    await hearing.hears(PaymentVoided(**payment("S-20", "konbini")))
    assert "返金処理中" in (await desk.get("/desk/orders?tab=all")).text
    await hearing.hears(
        refunded("S-20", 1_000, 0, spare=1_000),
        standing("S-20", 2, suspense_amount=1_000, refunded_amount=1_000),
    )
    listed = (await desk.get("/desk/orders?tab=all")).text
    assert "返金済" in listed
    page = (await desk.get("/desk/orders/S-20")).text
    money = {"入金額": "¥1,000", "うち仮受金": "¥1,000", "返金額": "¥1,000", "お預かり中": "¥0"}
    assert shown_money(page) == money
    assert page.count("¥1,000を返金しました") == 1
    assert "取消済" not in page
    file = (await desk.get("/desk/orders/export.csv?tab=all")).content.decode("utf-8-sig")
    assert "返金済" in file
    assert "未入金" not in file
    row = await order_row(db, "S-20")
    assert (await progress_of(db, row.code)).text == "ご注文はキャンセルされました。お支払いは返金済みです。"


async def test_the_excess_given_back_is_told_once_with_its_yen(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-21")
    paid_twice = {"captured_amount": 3_500, "suspense_amount": 3_500}
    await hearing.hears(
        captured("S-21"),
        standing("S-21", 1, "excess_money", **paid_twice),
        standing("S-21", 2, "excess_money", **paid_twice),
        standing("S-21", 3, **paid_twice, refunded_amount=3_500),
        refunded("S-21", 3_500, 3_500, spare=3_500, by="佐藤 店長"),
        standing("S-21", 4, **paid_twice, refunded_amount=3_500),
    )
    titles = await timeline_titles(db, "S-21")
    given_back = ["決済の確認事項が解消しました", "過入金 ¥3,500を返金しました"]
    assert titles[-3:] == ["決済の確認が必要です：過入金", *given_back]
    row = await order_row(db, "S-21")
    assert (row.payment, row.deposit, row.money_with_us) == ("captured", "paid", 3_500)
    page = (await desk.get("/desk/orders/S-21")).text
    assert "佐藤 店長" in page, "staff who asked for it are named"
    money = {"入金額": "¥7,000", "うち仮受金": "¥3,500", "返金額": "¥3,500", "お預かり中": "¥3,500"}
    assert shown_money(page) == money


async def test_the_timeline_tells_each_yen_given_back_once(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "transfer", "S-23")
    too_much = {"captured_amount": 3_500, "suspense_amount": 2_500}
    await hearing.hears(captured("S-23"), standing("S-23", 1, "excess_money", **too_much))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="S-23", note="試験", by="店長", at=now())
    await hearing.hears(
        refunded("S-23", 6_000, 0, spare=2_500), standing("S-23", 2, **too_much, refunded_amount=6_000)
    )
    titles = [title for title in await timeline_titles(db, "S-23") if "返金しました" in title]
    assert titles == ["¥6,000を返金しました（うち過入金 ¥2,500）"]
    money = {"入金額": "¥6,000", "うち仮受金": "¥2,500", "返金額": "¥6,000", "お預かり中": "¥0"}
    assert shown_money((await desk.get("/desk/orders/S-23")).text) == money


async def test_short_money_given_back_leaves_the_order_waiting(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "S-24")
    await hearing.hears(number_issued("S-24"), standing("S-24", 1, "short_money", suspense_amount=1_000))
    await hearing.hears(
        refunded("S-24", 1_000, 0, spare=1_000),
        standing("S-24", 2, suspense_amount=1_000, refunded_amount=1_000),
    )
    row = await order_row(db, "S-24")
    assert (row.payment, row.money_with_us) == ("number_issued", 0)


async def test_an_order_settled_short_says_what_is_not_asked_for(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "S-22")
    await hearing.hears(
        standing("S-22", 1, "short_money", suspense_amount=2_630),
        standing("S-22", 2, captured_amount=2_630),
    )
    assert (await timeline_titles(db, "S-22"))[-1] == "入金不足のまま確定しました（不足¥870は請求しません）"


async def disputed(db: Database, hearing: Hearing, code: str) -> None:
    """An order whose paid money the buyer disputes with the bank."""
    await place(db, "card_like", code)
    await hearing.hears(captured(code, "amazon_pay"), standing(code, 1, "chargeback", captured_amount=3_500))


async def test_a_cancellation_beside_a_chargeback_promises_no_refund(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await disputed(db, hearing, "D-1")

    page = (await desk.get("/desk/orders/D-1/cancel")).text
    assert (
        "チャージバックの申し立て中のため、お預かりしている ¥3,500 は、結果が決まるまで返金しません" in page
    )
    assert "入金済みの ¥3,500 を返金します" not in page
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="D-1", note="試験", by="店長", at=now())

    (event,) = await said(db)
    assert isinstance(event, OrderCancelled)
    assert (event.refund_amount, event.refund_waits_for) == (3_500, "chargeback")
    assert "返金保留" in (await desk.get("/desk/orders/D-1")).text
    assert "返金いたします" not in (await progress_of(db, "D-1")).text


async def test_a_shipped_order_still_tells_what_is_paid_at_the_door(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "cash_on_delivery", "B-3")
    await ship_all(desk, "B-3")
    assert "お受け取り時に ¥3,500 をお支払いください" in (await progress_of(db, "B-3")).text


@pytest.mark.parametrize("shipped", [True, False])
async def test_a_return_of_what_was_paid_at_the_door_names_the_money(
    db: Database, desk: httpx.AsyncClient, *, shipped: bool
) -> None:
    await place(db, "cash_on_delivery", "B-2")
    if shipped:
        await ship_all(desk, "B-2")
    page = (await desk.get("/desk/orders/B-2/cancel")).text
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="B-2", note="", by="店長", at=now(), although_shipped=True)

    (event,) = [one for one in await said(db) if isinstance(one, OrderCancelled)]
    words = (await progress_of(db, "B-2")).text
    assert event.door_amount == (3_500 if shipped else 0)
    assert ("お届け時に ¥3,500 を受け取っている場合は、店舗からお客様に返金してください" in page) is shipped
    assert ("お受け取り時にお支払いいただいた ¥3,500 は、お店から返金いたします" in words) is shipped
    assert ("ご注文はキャンセルされました。お支払いは必要ありません。" in words) is not shipped


@pytest.mark.parametrize("told_whole", [True, False])
@pytest.mark.parametrize("back", [0, 500, 3_500])
async def test_a_cancellation_tells_what_came_and_what_went_back(
    db: Database, hearing: Hearing, back: int, *, told_whole: bool
) -> None:
    await place(db, "card_like", "B-1")
    await hearing.hears(captured("B-1", "amazon_pay"))
    if back:
        await hearing.hears(refunded("B-1", back, left=3_500 - back))
    if told_whole:
        await hearing.hears(standing("B-1", 2, captured_amount=3_500, refunded_amount=back))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="B-1", note="試験", by="店長", at=now())

    (event,) = [one for one in await said(db) if isinstance(one, OrderCancelled)]
    told = (event.received_amount, event.refunded_amount, event.refund_amount)
    assert told == (3_500, back, 3_500 - back)


@pytest.mark.parametrize(
    ("back", "desk_word", "buyer_word"),
    [(0, "返金処理中", "お支払い済みの金額は返金いたします"), (3_500, "返金済", "返金済みです")],
    ids=["won", "lost"],
)
async def test_what_became_of_the_chargeback_is_told(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, back: int, desk_word: str, buyer_word: str
) -> None:
    await disputed(db, hearing, "D-2")
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="D-2", note="試験", by="店長", at=now())

    amounts = {"captured_amount": 3_500, "refunded_amount": back, "charged_back_amount": back}
    await hearing.hears(standing("D-2", 2, *(["chargeback_lost"] if back else []), **amounts))

    page = (await desk.get("/desk/orders/D-2")).text
    assert "返金保留" not in page
    assert desk_word in page
    assert buyer_word in (await progress_of(db, "D-2")).text


async def test_what_a_bank_took_is_no_refund_of_the_console(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "D-3")
    both = standing(
        "D-3",
        1,
        "refunded_elsewhere",
        "chargeback_lost",
        captured_amount=3_500,
        refunded_amount=3_500,
        charged_back_amount=3_200,
    )
    await hearing.hears(captured("D-3", "amazon_pay"), both)
    page = (await desk.get("/desk/orders/D-3")).text
    assert "決済会社の管理画面などで ¥300 が返金されています" in page


async def test_a_refund_of_others_is_told_without_those_of_ours(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "D-5")
    amounts = {"captured_amount": 3_500, "suspense_amount": 3_500, "refunded_amount": 3_700}
    both = standing("D-5", 1, "refunded_elsewhere", **amounts, refunded_elsewhere_amount=200)
    await hearing.hears(captured("D-5"), both)
    page = (await desk.get("/desk/orders/D-5")).text
    assert page.count("決済会社の管理画面などで ¥200 が返金されています") == 2, (
        "at the top and on the timeline"
    )


async def test_an_unexplained_refund_is_told_with_its_yen(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "D-4")
    told = standing("D-4", 1, "refund_unexplained", captured_amount=3_500, lost_amount=200)
    await hearing.hears(captured("D-4"), told)
    assert "入金の記録より ¥200 多い返金" in (await desk.get("/desk/orders/D-4")).text
    assert "決済の画面で確認済みにするまで返金しません" in (await desk.get("/desk/orders/D-4/cancel")).text


async def test_the_desk_reads_what_the_buyer_reads_of_a_refund(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-51")
    await hearing.hears(number_issued("S-51"), captured("S-51"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="S-51", note="試験", by="店長", at=now())
    words = MONEY_BACK["on_its_way"]
    assert words in (await progress_of(db, "S-51")).text
    page = (await desk.get("/desk/orders/S-51")).text
    assert "お客様の画面" in page and words in page


async def test_changed_money_of_a_cancelled_order_is_said_as_it_is_now(
    db: Database, hearing: Hearing
) -> None:
    await place(db, "konbini", "S-50")
    await hearing.hears(number_issued("S-50"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="S-50", note="試験", by="店長", at=now())
    await hearing.hears(captured("S-50"))
    await hearing.hears(standing("S-50", 1, "late_money", captured_amount=3_500))
    await hearing.hears(standing("S-50", 2, captured_amount=3_500, refunded_amount=3_500))

    told = [event for event in await said(db) if isinstance(event, CancellationMoneyChanged)]
    assert [(one.received_amount, one.refunded_amount, one.refund_amount) for one in told] == [
        (3_500, 0, 3_500),
        (3_500, 3_500, 0),
    ]
