"""Bulk actions say in numbers what they will do, do it order by order, and tell what became of each."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from checkout.consumers import consumers
from checkout.tables import metadata
from harness.as_seen import BULK, as_seen
from harness.hearing import Hearing, effects, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database.transactions import Database
from shared.events import (
    CaptureRejected,
    CaptureRequested,
    OrderProcessed,
    PaymentAuthorized,
    PaymentCaptured,
    Shipped,
)
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import order_row, payment, place, stock_row


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


@pytest.fixture
async def program(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys, page=False) as client:
        yield client


async def authorized(db: Database, *codes: str) -> None:
    for code in codes:
        await place(db, "card_like", code)
        await Hearing(consumers, db).hears(
            PaymentAuthorized(
                **payment(code),
                authorization_id="S03-1",
                amount=3_500,
                authorized_at=now(),
                provider_status="承認済",
            )
        )


async def act(desk: httpx.AsyncClient, action: str, *codes: str, **more: str) -> httpx.Response:
    form = {"action": action, "id": list(codes), **more}
    return await desk.post(BULK, data=await as_seen(desk, BULK, form) if "confirmed" in more else form)


def results(answer: httpx.Response) -> dict[str, bool]:
    found = re.findall(
        r'<li class="is-(done|stop)">.*?class="code" href="/desk/orders/([^"]+)"', answer.text, re.DOTALL
    )
    return {code: kind == "done" for kind, code in found}


@pytest.mark.feature("SHP-01", "SHP-13")
async def test_three_orders_ship_after_the_page_with_the_numbers(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await authorized(db, "M-1", "M-2", "M-3")
    asked = await act(desk, "ship", "M-1", "M-2", "M-3", send_mail="true")
    assert "3件を発送済みにし、3通のメールを送ります。" in asked.text
    assert await said(db) == []

    answer = await act(
        desk,
        "ship",
        *("M-1", "M-2", "M-3"),
        **{
            "send_mail": "true",
            "confirmed": "true",
            "carrier": "yamato",
            "M-1-number": "１２３４-5678-9013",
        },
    )
    assert results(answer) == {"M-1": True, "M-2": True, "M-3": True}
    events = [event for event in await said(db) if isinstance(event, Shipped)]
    assert [event.order_code for event in events] == ["M-1", "M-2", "M-3"]
    assert all(e.send_mail and e.fully_shipped and e.source == "admin_bulk" for e in events)
    assert [event.destinations[0].tracking_number for event in events] == ["123456789013", None, None]
    assert events[0].destinations[0].carrier == "yamato"
    assert events[0].by == "店長 試験"
    assert await stock_row(db) == (94, 0)


@pytest.mark.feature("KON-35")
async def test_unpaid_prepaid_orders_are_left_out_until_money_is_there(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await authorized(db, "U-1")
    await place(db, "konbini", "U-2")
    asked = await act(desk, "ship", "U-1", "U-2")
    assert "1件を発送済みにします。" in asked.text
    assert "処理しません" in asked.text
    assert "前払いの注文です。入金を確認してから発送してください。" in asked.text
    answer = await act(desk, "ship", "U-1", "U-2", confirmed="true")
    assert results(answer) == {"U-1": True, "U-2": False}
    assert (await order_row(db, "U-2")).shipping == "unshipped"

    await Hearing(consumers, db).hears(
        PaymentCaptured(
            **payment("U-2", "konbini"), amount=3_500, captured_at=now(), source="provider_notice"
        )
    )
    assert results(await act(desk, "ship", "U-2", confirmed="true")) == {"U-2": True}


@pytest.mark.feature("PAY-06", clause="forced id refused")
async def test_forced_ids_of_orders_without_a_capture_are_refused(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "konbini", "K-1")
    await place(db, "cash_on_delivery", "K-2")
    await place(db, "transfer", "K-3")
    answer = await act(desk, "capture", "K-1", "K-2", "K-3", confirmed="true")
    assert results(answer) == {"K-1": False, "K-2": False, "K-3": True}
    assert [event.correlation for event in await effects(db)] == ["K-3"]


@pytest.mark.feature("PAY-29")
async def test_capturing_warns_of_unshipped_card_orders_only(db: Database, desk: httpx.AsyncClient) -> None:
    await authorized(db, "C-1")
    warning = "未発送の注文です。このお支払い方法では、通常は発送処理の後に入金処理を行います。"
    assert warning in (await act(desk, "capture", "C-1")).text
    await act(desk, "ship", "C-1", confirmed="true")
    asked = await act(desk, "capture", "C-1", send_mail="true")
    assert warning not in asked.text
    assert "1件、合計 ¥3,500 の入金処理を決済サービスに依頼します。" in asked.text
    answer = await act(desk, "capture", "C-1", send_mail="true", confirmed="true")
    assert results(answer) == {"C-1": True}
    (event,) = [event for event in await said(db) if isinstance(event, CaptureRequested)]
    assert (event.order_code, event.send_mail, event.by) == ("C-1", True, "店長 試験")
    # Asking twice asks once.
    assert results(await act(desk, "capture", "C-1", confirmed="true")) == {"C-1": False}


@pytest.mark.feature("PAY-04")
@pytest.mark.feature("AP-39", clause="deposit stays unpaid")
async def test_of_three_captures_the_refused_one_stays_unpaid_with_why(
    db: Database, desk: httpx.AsyncClient
) -> None:
    three = ("F-1", "F-2", "F-3")
    await authorized(db, *three)
    await act(desk, "ship", *three, confirmed="true")
    await act(desk, "capture", *three, confirmed="true")
    asked = [event.order_code for event in await said(db) if isinstance(event, CaptureRequested)]
    assert sorted(asked) == sorted(three)

    taken: dict[str, Any] = {"amount": 3_500, "captured_at": now(), "source": "admin"}
    await Hearing(consumers, db).hears(
        PaymentCaptured(**payment("F-1"), **taken),
        CaptureRejected(**payment("F-2"), reason="over_30_days"),
        PaymentCaptured(**payment("F-3"), **taken),
    )
    assert [(await order_row(db, code)).deposit for code in three] == ["paid", "unpaid", "paid"]
    unpaid = (await desk.get("/desk/orders", params={"tab": "unpaid"})).text
    assert re.findall(r'data-href="/desk/orders/([^"]+)"', unpaid) == ["F-2"]
    page = (await desk.get("/desk/orders/F-2")).text
    assert "注文から30日を過ぎているため売上請求できません" in page


@pytest.mark.feature("PAY-11", "ORD-15")
async def test_processed_hides_an_unpaid_order_and_a_warning_lists_it(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await authorized(db, "H-1")
    asked = await act(desk, "ship", "H-1", mark_processed="true")
    assert "入金処理が漏れるおそれがあります" in asked.text
    await act(desk, "ship", "H-1", mark_processed="true", confirmed="true")
    unpaid = await desk.get("/desk/orders", params={"tab": "unpaid"})
    assert 'data-href="/desk/orders/H-1"' not in unpaid.text
    assert "処理済みで未入金の注文が1件あります" in unpaid.text
    assert 'href="/desk/orders/H-1"' in unpaid.text


@pytest.mark.feature("ORD-11")
async def test_ticked_orders_become_processed_in_bulk(db: Database, desk: httpx.AsyncClient) -> None:
    await authorized(db, "G-1", "G-2")
    asked = await act(desk, "process", "G-1", "G-2")
    assert "2件を処理済みにします。" in asked.text
    assert results(await act(desk, "process", "G-1", "G-2", confirmed="true")) == {"G-1": True, "G-2": True}
    listed = await desk.get("/desk/orders", params={"tab": "processed"})
    assert {"G-1", "G-2"} <= set(re.findall(r'data-href="/desk/orders/([^"]+)"', listed.text))
    assert [type(event) for event in await effects(db)] == [OrderProcessed, OrderProcessed]


@pytest.mark.feature("ORD-14")
async def test_the_ship_screen_changes_no_status_of_a_shipped_order(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await authorized(db, "Z-1")
    await act(desk, "ship", "Z-1", confirmed="true")
    answer = await act(desk, "ship", "Z-1", mark_processed="true", confirmed="true")
    assert results(answer) == {"Z-1": False}
    assert (await order_row(db, "Z-1")).status == "in_progress"


@pytest.mark.feature("SHP-16", clause="bulk refused after shipping")
async def test_shipped_orders_get_no_mail_in_bulk_later(db: Database, desk: httpx.AsyncClient) -> None:
    await authorized(db, "L-1")
    await act(desk, "ship", "L-1", confirmed="true")
    answer = await act(desk, "ship", "L-1", confirmed="true", send_mail="true")
    assert results(answer) == {"L-1": False}
    assert len([event for event in await said(db) if isinstance(event, Shipped)]) == 1


async def test_a_bad_tracking_number_ships_nothing_and_says_so(db: Database, desk: httpx.AsyncClient) -> None:
    await authorized(db, "X-1")
    answer = await act(desk, "ship", "X-1", **{"confirmed": "true", "X-1-number": "<b>"})
    assert answer.status_code == 422
    assert "送り状番号は英数字とハイフンで入力してください" in answer.text
    assert await said(db) == []


async def test_a_number_of_no_carrier_ships_none_and_stays_typed(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await authorized(db, "X-2", "X-3")
    typed = {"confirmed": "true", "carrier": "yamato", "X-2-number": "123456789013", "X-3-number": "12345"}
    answer = await act(desk, "ship", "X-2", "X-3", **typed)
    assert answer.status_code == 422
    assert answer.text.count("ヤマト運輸の送り状番号は12桁の数字で入力してください") == 2, (
        "above, and at the field"
    )
    assert 'value="123456789013"' in answer.text
    assert 'value="12345"' in answer.text
    assert 'value="yamato" selected' in answer.text
    assert await said(db) == []


async def test_the_short_number_stands_beside_each_order_and_result(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "cash_on_delivery", "V-1", number=10_088)
    assert '<b class="code">10088</b>' in (await act(desk, "ship", "V-1")).text
    answer = await act(desk, "ship", "V-1", confirmed="true")
    assert results(answer) == {"V-1": True}
    assert '<b class="code">10088</b>' in answer.text


async def test_an_unpaid_order_whose_money_is_held_is_marked(db: Database, desk: httpx.AsyncClient) -> None:
    await authorized(db, "V-2")
    await place(db, "konbini", "V-3")
    listed = (await desk.get("/desk/orders", params={"tab": "unshipped"})).text
    held, waiting = (
        re.search(rf'data-href="/desk/orders/{code}".*?</tr>', listed, re.DOTALL) for code in ("V-2", "V-3")
    )
    assert held is not None
    assert waiting is not None
    assert "未入金" in held[0]
    assert "承認済" in held[0]
    assert "承認済" not in waiting[0]


async def test_nothing_selected_goes_back_to_the_list(desk: httpx.AsyncClient) -> None:
    answer = await act(desk, "ship")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/orders?tab=unshipped")


async def test_another_site_cannot_ship(db: Database, desk: httpx.AsyncClient) -> None:
    await authorized(db, "E-1")
    answer = await desk.post(
        "/desk/orders/bulk",
        data={"action": "ship", "id": "E-1", "confirmed": "true"},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert await said(db) == []


async def test_a_program_ships_captures_and_reads_a_result_per_order(
    db: Database, program: httpx.AsyncClient
) -> None:
    await authorized(db, "J-1")
    await place(db, "konbini", "J-2")
    answer = await program.post(
        "/api/checkout/desk/orders/ship",
        json={"orders": [{"order_code": "J-1"}, {"order_code": "J-2"}, {"order_code": "J-3"}]},
    )
    assert [(one["ok"], one["code"]) for one in answer.json()["results"]] == [
        (True, "done"),
        (False, "unpaid_prepaid"),
        (False, "order_unknown"),
    ]
    answer = await program.post("/api/checkout/desk/orders/capture", json={"order_codes": ["J-1"]})
    assert answer.json()["results"][0]["ok"] is True
    state = (await program.get("/api/checkout/desk/orders/J-1")).json()
    assert (state["status"], state["shipping"], state["next_step"]) == ("in_progress", "shipped", "F")
    assert state["timeline"][0]["title"] == "入金処理を依頼しました"


async def test_a_program_without_staff_session_is_refused(db: Database, keys: Keys) -> None:
    async with desk_client(db, keys, name="", page=False) as nobody:
        answer = await nobody.post("/api/checkout/desk/orders/ship", json={"orders": [{"order_code": "J-1"}]})
        assert answer.status_code == 401
    async with desk_client(db, keys, staff=None, page=False) as shopper:
        answer = await shopper.post("/api/checkout/desk/orders/ship", json={"orders": [{"order_code": "J"}]})
        assert answer.status_code == 403


async def test_reload_of_a_bulk_page_leads_back_and_does_nothing(
    db: Database, desk: httpx.AsyncClient
) -> None:
    answer = await desk.get("/desk/orders/bulk")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/orders")
    assert "一括処理の画面は読み込み直せません" in (await desk.get("/desk/orders")).text
