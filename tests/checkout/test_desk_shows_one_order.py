"""受注詳細: one order on one page, and what staff do to it there."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from bs4 import BeautifulSoup

from checkout.consumers import consumers
from checkout.shipping.ship_order import ShipWish, ship_order
from checkout.tables import metadata
from harness.hearing import Hearing, effects, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import in_japan, now
from shared.database.transactions import Database
from shared.events import (
    CaptureRejected,
    CaptureRequested,
    MailSent,
    MailSuppressed,
    MemberRegistered,
    OrderCancelled,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentNumberIssued,
    PaymentStandingChanged,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    Shipped,
)
from shared.web.filters import jst
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import number_issued, order_row, payment, place, stock_row
from tests.checkout.payment_terms import Group

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


def authorization(code: str) -> PaymentAuthorized:
    return PaymentAuthorized(
        **payment(code),
        authorization_id="S03-AUTH-1",
        amount=3_500,
        card_amount=3_000,
        gift_balance_amount=500,
        instrument="Visa ****1234",
        authorized_at=now(),
        provider_status="承認済",
    )


async def version(db: Database, code: str) -> int:
    return int((await order_row(db, code)).version)


async def test_an_order_without_a_sent_mail_points_at_those_that_wait(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "card_like", "V-0")
    page = (await desk.get("/desk/orders/V-0")).text

    assert '送信を待つメールは<a href="/desk/mails?q=V-0">メール送信記録</a>で確かめられます' in page


@pytest.mark.feature("ORD-10")
async def test_the_detail_shows_lines_people_money_and_every_event(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "V-1", member_id=MEMBER)
    await hearing.hears(
        authorization("V-1"),
        PointsUsed(member_id=MEMBER, points=300, order_code="V-1"),
        PointsGranted(member_id=MEMBER, points=35, state="pending", reason="purchase", order_code="V-1"),
        PointsActivated(member_id=MEMBER, points=35, order_code="V-1"),
        PointsReturned(member_id=MEMBER, points_returned=300, points_revoked=35, order_code="V-1"),
        MemberRegistered(
            member_id=MEMBER,
            name="試験 花子",
            email="hanako@example.jp",
            via="order",
            registered_at=now(),
            order_code="V-1",
        ),
        MailSent(mail_id=UUID(int=1), mail="thanks", subject="ご注文ありがとうございます", order_code="V-1"),
        MailSuppressed(mail_id=UUID(int=2), mail="deposit", reason="switched_off", order_code="V-1"),
        times=2,
    )
    page = (await desk.get("/desk/orders/V-1")).text
    for words in (
        "試験の湯呑",
        "¥3,500",
        "試験 花子",
        "届け先 1郎",
        "S03-AUTH-1",
        "Visa ****1234",
        "承認済",
        "付与（有効待ち）",
        "ご注文ありがとうございます",
        "会員登録されました",
        "通知サービス",
        "決済サービス",
    ):
        assert words in page
    assert page.count("会員登録されました") == 1
    # Newest first: what was heard later stands above the placing.
    assert page.index("決済が承認されました") < page.index("ご注文を受け付けました")


async def test_the_chain_of_a_payment_number_is_told_by_its_name(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "V-2")
    await hearing.hears(
        PaymentNumberIssued(
            **payment("V-2", "konbini"),
            amount=3_500,
            number="12345678901",
            chain="lawson",
            chain_name="ローソン",
            number_label="支払い番号",
            confirmation_number="8888",
            due_at=now() + timedelta(days=6),
            page_url="http://127.0.0.1:8080/payments/x",
        )
    )
    page = (await desk.get("/desk/orders/V-2")).text
    assert re.search(r"お支払い先</dt><dd>ローソン", page)
    assert "ローソン　支払い番号 12345678901" in page
    assert "lawson" not in page


async def test_shipping_stands_below_the_capture_that_it_led_to(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "V-3")
    await hearing.hears(authorization("V-3"))
    async with db.transaction() as tx:
        await ship_order(
            tx, order_code="V-3", sent=None, wish=ShipWish(source="admin_bulk", by="試験", at=now())
        )
    second = now().replace(microsecond=0)
    await hearing.hears(PaymentCaptured(**payment("V-3"), amount=3_500, captured_at=second, source="shipped"))
    page = (await desk.get("/desk/orders/V-3")).text
    story = page[page.index("<h2>履歴</h2>") :]
    assert (
        story.index("入金済みになりました") < story.index("発送済みになりました") < story.index("決済が承認")
    )


async def test_money_of_which_we_hear_late_stands_where_it_came(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "V-4", placed_at=now() - timedelta(days=3))
    await hearing.hears(authorization("V-4"))
    earlier = now() - timedelta(days=2)
    await hearing.hears(
        PaymentCaptured(**payment("V-4"), amount=3_500, captured_at=earlier, source="provider_console")
    )
    page = (await desk.get("/desk/orders/V-4")).text
    story = page[page.index("<h2>履歴</h2>") :]
    assert story.index("決済が承認") < story.index("入金済みになりました")


async def test_news_without_an_order_is_let_pass(db: Database, hearing: Hearing) -> None:
    await hearing.hears(PointsGranted(member_id=MEMBER, points=500, state="active", reason="registration"))
    async with db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM timeline") == 0


@pytest.mark.feature("ORD-02")
async def test_the_detail_names_the_next_step_of_each_way_to_pay(
    db: Database, desk: httpx.AsyncClient
) -> None:
    expected = {
        "konbini": "C　入金をまつ",
        "transfer": "F　入金処理",
        "cash_on_delivery": "E　発送処理",
        "card_like": "A　受注を確認する",
    }
    for group, words in expected.items():
        await place(db, group, f"Q-{group}")  # type: ignore[arg-type]
        assert words in (await desk.get(f"/desk/orders/Q-{group}")).text


@pytest.mark.parametrize(
    ("group", "words"),
    [("konbini", "入金を確認しています"), ("transfer", "入金がある場合は、入金日を登録してください")],
)
async def test_the_detail_tells_until_when_money_is_awaited(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, group: Group, words: str
) -> None:
    await place(db, group, "D-1")
    due = now() + timedelta(days=2)
    issued = {"due_at": due, "accepted_until": due + timedelta(hours=12)}
    await hearing.hears(number_issued("D-1").model_copy(update=issued))
    page = (await desk.get("/desk/orders/D-1")).text
    assert f"<dt>お支払い期限</dt><dd>{jst(due)}</dd>" in page
    assert f"{jst(due + timedelta(hours=12))} まで" in page
    assert "お支払い期限を過ぎています" not in page

    await place(db, group, "D-2")
    await hearing.hears(number_issued("D-2").model_copy(update={"due_at": now() - timedelta(minutes=1)}))
    late = (await desk.get("/desk/orders/D-2")).text
    assert "お支払い期限を過ぎています" in late
    assert words in late


async def test_what_the_buyer_asked_for_needs_no_further_reason(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "konbini", "X-9", number=10_077)
    page = (await desk.get("/desk/orders/X-9/cancel")).text
    assert "受付番号 10077" in page
    assert 'キャンセル理由<span class="tag-required">' not in page
    answer = await desk.post("/desk/orders/X-9/cancel", data={"staff_reason": "buyer", "version": "1"})
    assert answer.status_code == 303
    (event,) = await effects(db)
    assert isinstance(event, OrderCancelled)
    assert (event.staff_reason, event.note) == ("buyer", "")


@pytest.mark.feature("ORD-17")
async def test_a_single_destination_must_be_ticked_to_ship(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    order = await place(db, "card_like", "S-1")
    await hearing.hears(authorization("S-1"))
    where = order.destinations[0].destination_id
    fields = {
        "version": str(await version(db, "S-1")),
        f"{where}-ship_date": in_japan(now()).date().isoformat(),
    }
    answer = await desk.post("/desk/orders/S-1/ship", data=fields)
    assert answer.status_code == 422
    assert "発送するお届け先にチェックを入れてください" in answer.text
    assert (await order_row(db, "S-1")).shipping == "unshipped"
    answer = await desk.post("/desk/orders/S-1/ship", data={**fields, "destinations": str(where)})
    assert answer.status_code == 303
    assert (await order_row(db, "S-1")).shipping == "shipped"


@pytest.mark.parametrize("days", [15, 100_000])
async def test_a_parcel_is_not_written_down_as_sent_long_before(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, days: int
) -> None:
    order = await place(db, "card_like", "S-1")
    await hearing.hears(authorization("S-1"))
    where = order.destinations[0].destination_id
    day = (in_japan(now()) + timedelta(days=days)).date().isoformat()
    fields = {
        "version": str(await version(db, "S-1")),
        "destinations": str(where),
        f"{where}-ship_date": day,
    }
    page = await desk.post("/desk/orders/S-1/ship", data=fields)
    assert page.status_code == 422
    assert "商品発送日は14日後までの日付で入力してください" in page.text

    parcel = {"destination_id": str(where), "ship_date": day}
    answer = await desk.post(
        "/api/checkout/desk/orders/ship",
        json={"orders": [{"order_code": "S-1", "destinations": [parcel]}]},
    )
    assert "商品発送日は14日後まで" in answer.text
    assert (await order_row(db, "S-1")).shipping == "unshipped"


@pytest.mark.parametrize("form", ["ship", "deposit", "status", "notes"])
async def test_loading_a_sent_forms_address_again_shows_the_order(
    db: Database, desk: httpx.AsyncClient, form: str
) -> None:
    await place(db, "card_like", "S-1")

    answer = await desk.get(f"/desk/orders/S-1/{form}", follow_redirects=True)

    assert (answer.status_code, answer.url.path) == (200, "/desk/orders/S-1")


@pytest.mark.feature("ORD-16", clause="one of two shipped: not shipped | both shipped: shipped")
@pytest.mark.feature("SHP-20")
async def test_an_order_is_shipped_when_all_of_its_destinations_are(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    order = await place(db, "card_like", "S-2", destinations=2)
    await hearing.hears(authorization("S-2"))
    first, second = (one.destination_id for one in order.destinations)
    day = (in_japan(now()) + timedelta(days=1)).date()
    await desk.post(
        "/desk/orders/S-2/ship",
        data={
            "version": str(await version(db, "S-2")),
            "destinations": str(first),
            f"{first}-ship_date": day.isoformat(),
            f"{first}-carrier": "sagawa",
            f"{first}-tracking_number": "1234-5678-9013",
        },
    )
    assert (await order_row(db, "S-2")).shipping == "unshipped"
    page = (await desk.get("/desk/orders/S-2")).text
    assert f"{day:%Y/%m/%d}" in page
    assert "佐川急便 123456789013" in page
    assert "お届け先2件のうち、未発送が1件あります。" in page
    await desk.post(
        "/desk/orders/S-2/ship",
        data={"version": str(await version(db, "S-2")), "destinations": str(second)},
    )
    assert (await order_row(db, "S-2")).shipping == "shipped"
    shipped = [event for event in await said(db) if isinstance(event, Shipped)]
    assert [(len(event.destinations), event.fully_shipped) for event in shipped] == [(1, False), (1, True)]
    assert await stock_row(db) == (96, 0)


@pytest.mark.feature("SHP-12")
async def test_a_registered_tracking_number_stands_at_its_destination(
    db: Database, desk: httpx.AsyncClient
) -> None:
    order = await place(db, "card_like", "S-3")
    where = order.destinations[0].destination_id
    answer = await desk.post(
        f"/desk/orders/S-3/tracking/{where}",
        data={
            f"{where}-carrier": "日本郵便",
            f"{where}-tracking_number": "1234-5678-9013",
            f"{where}-version": "1",
        },
    )
    assert answer.status_code == 303
    assert "日本郵便 123456789013" in (await desk.get("/desk/orders/S-3")).text


@pytest.mark.feature("PAY-07")
@pytest.mark.feature("PAY-14", clause="manual deposit makes it paid")
async def test_a_deposit_date_makes_a_transfer_paid_and_is_shown(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "transfer", "D-1", placed_at=now() - timedelta(days=3))
    day = in_japan(now() - timedelta(days=1)).date()
    answer = await desk.post(
        "/desk/orders/D-1/deposit",
        data={"deposit_date": day.isoformat(), "version": "1", "send_mail": "true"},
    )
    assert answer.status_code == 303
    (event,) = await effects(db)
    assert isinstance(event, CaptureRequested)
    assert (event.deposit_date, event.send_mail) == (day, True)
    await hearing.hears(
        PaymentCaptured(
            **payment("D-1", "bank_transfer"), amount=3_500, captured_at=now(), source="manual_deposit"
        )
    )
    page = (await desk.get("/desk/orders/D-1")).text
    assert f"{day:%Y/%m/%d}" in page
    assert (await order_row(db, "D-1")).deposit == "paid"


async def test_a_deposit_date_out_of_bounds_is_refused_at_its_field(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "transfer", "D-2")
    for days, words in ((1, "今日までの日付"), (-1, "注文日以降の日付")):
        day = in_japan(now() + timedelta(days=days)).date().isoformat()
        answer = await desk.post("/desk/orders/D-2/deposit", data={"deposit_date": day, "version": "1"})
        assert answer.status_code == 422
        assert words in answer.text
    assert await said(db) == []


@pytest.mark.feature("ORD-12", "ORD-20")
async def test_processed_comes_after_a_warning_when_something_is_open(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "G-1")
    answer = await desk.post("/desk/orders/G-1/status", data={"status": "processed", "version": "1"})
    assert answer.status_code == 409
    assert "まだ実行していません" in answer.text
    assert (await order_row(db, "G-1")).status == "in_progress"
    await desk.post(
        "/desk/orders/G-1/status", data={"status": "processed", "version": "1", "confirmed": "true"}
    )
    assert (await order_row(db, "G-1")).status == "processed"


async def test_a_page_seen_before_another_change_changes_nothing(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "transfer", "O-1")
    await hearing.hears(authorization("O-1"))
    answer = await desk.post(
        "/desk/orders/O-1/deposit",
        data={"deposit_date": in_japan(now()).date().isoformat(), "version": "1"},
    )
    assert answer.status_code == 422
    assert "他の操作で更新されました" in answer.text
    assert await said(db) == []


@pytest.mark.feature("ORD-21", clause="stock returned")
async def test_cancelling_says_what_it_will_do_and_then_does_it(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "X-1", points_used=300, coupon_name="春の500円引き")
    await hearing.hears(authorization("X-1"))
    page = (await desk.get("/desk/orders/X-1/cancel")).text
    told = ("確保していた在庫を戻します", "300ポイント", "¥3,500 の与信を取り消します")
    for words in (*told, "ご利用クーポン「春の500円引き」を会員に返します"):
        assert words in page
    answer = await desk.post("/desk/orders/X-1/cancel", data={"note": "", "version": "2"})
    assert answer.status_code == 422
    assert "キャンセル理由を入力してください" in answer.text
    assert "キャンセルの区分を選択してください" in answer.text, "nobody is blamed by default"
    answer = await desk.post("/desk/orders/X-1/cancel", data={"staff_reason": "shop", "version": "2"})
    assert "キャンセル理由を入力してください" in answer.text
    wish = {"staff_reason": "buyer", "note": "お客様のご都合", "version": "2", "send_mail": "true"}
    answer = await desk.post("/desk/orders/X-1/cancel", data=wish)
    assert answer.status_code == 303
    (event,) = await effects(db)
    assert isinstance(event, OrderCancelled)
    assert (event.reason, event.note, event.send_mail, event.by) == (
        "staff",
        "お客様のご都合",
        True,
        "店長 試験",
    )
    assert event.staff_reason == "buyer"
    assert "スタッフによるキャンセル（お客様のご依頼）" in (await desk.get("/desk/orders/X-1")).text
    assert await stock_row(db) == (100, 0)


async def test_a_shipped_order_is_cancelled_only_if_that_is_stated(
    db: Database, desk: httpx.AsyncClient
) -> None:
    order = await place(db, "cash_on_delivery", "X-2")
    where = order.destinations[0].destination_id
    await desk.post("/desk/orders/X-2/ship", data={"version": "1", "destinations": str(where)})
    wish = {"staff_reason": "return", "note": "受取拒否", "version": str(await version(db, "X-2"))}
    answer = await desk.post("/desk/orders/X-2/cancel", data=wish)
    assert answer.status_code == 422
    assert "発送済みの注文です" in answer.text
    answer = await desk.post("/desk/orders/X-2/cancel", data={**wish, "although_shipped": "true"})
    assert answer.status_code == 303
    assert (await order_row(db, "X-2")).status == "cancelled"
    assert await stock_row(db) == (98, 0)


async def test_a_note_stands_on_the_timeline_as_text(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "card_like", "N-1")
    answer = await desk.post(
        "/desk/orders/N-1/notes", data={"text": "<script>alert(1)</script>", "version": "1"}
    )
    assert answer.status_code == 303
    page = (await desk.get("/desk/orders/N-1")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


async def test_a_note_of_a_session_that_ended_is_sent_after_the_login(
    db: Database, keys: Keys, desk: httpx.AsyncClient
) -> None:
    await place(db, "card_like", "N-1")
    async with desk_client(db, keys, name="") as late:
        answer = await late.post("/desk/orders/N-1/notes", data={"text": "明日 お電話", "version": "1"})
    form = BeautifulSoup(answer.text, "html.parser").select_one("main form")
    assert answer.status_code == 401
    assert form is not None
    assert "明日 お電話" not in (await desk.get("/desk/orders/N-1")).text
    typed = {str(box["name"]): str(box["value"]) for box in form.select("input")}
    assert (await desk.post(str(form["action"]), data=typed)).status_code == 303
    assert "明日 お電話" in (await desk.get("/desk/orders/N-1")).text


async def test_an_unknown_order_is_a_missing_page(desk: httpx.AsyncClient) -> None:
    assert (await desk.get("/desk/orders/NOBODY")).status_code == 404
    assert (
        await desk.post("/desk/orders/NOBODY/notes", data={"text": "x", "version": "1"})
    ).status_code == 404


@pytest.mark.parametrize("code", ["%F0%9F%98%80", "x" * 200, "a%2Fb"])
async def test_a_code_that_cannot_exist_is_a_missing_page_too(desk: httpx.AsyncClient, code: str) -> None:
    assert (await desk.get(f"/desk/orders/{code}")).status_code == 404
    assert (
        await desk.post(f"/desk/orders/{code}/notes", data={"text": "x", "version": "1"})
    ).status_code == 404


async def test_a_selected_id_that_cannot_exist_is_refused(desk: httpx.AsyncClient) -> None:
    answer = await desk.post("/desk/orders/bulk", data={"action": "ship", "id": "a b"})
    assert answer.status_code == 422


async def test_a_providers_own_word_stands_under_technical_information(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "X-9")
    await hearing.hears(authorization("X-9"), CaptureRejected(**payment("X-9"), reason="AmazonRejected"))
    page = (await desk.get("/desk/orders/X-9")).text
    assert "決済会社に断られました</p>" in page
    assert '<summary>技術情報</summary><span class="code">AmazonRejected</span>' in page


async def test_money_gone_after_shipping_does_not_forbid_shipping(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await place(db, "card_like", "X-10")
    standing = PaymentStandingChanged(
        **payment("X-10"), revision=1, calls=("authorization_ended",), expected_amount=3_500
    )
    await hearing.hears(authorization("X-10"), standing)
    page = (await desk.get("/desk/orders/X-10")).text
    assert "発送前の場合は、それまで発送できません" in page


async def test_the_fields_of_a_parcel_are_explained_in_japanese(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "konbini", "F-1")
    page = (await desk.get("/desk/orders/F-1")).text
    assert "発送のメールに記載されます。" in page
    assert "A code (" not in page
