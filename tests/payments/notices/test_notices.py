"""Notices: many about one payment make one question, and unclear ones are listed for staff."""

from typing import Any

from harness.hearing import said
from harness.keys import Keys
from payments.methods.method import Notice
from payments.notices.rows import insert_notice
from payments.payment.rules.payment import Payment
from shared.clock import now
from shared.events import (
    PaymentDeedDone,
)
from tests.payments.conftest import Shopping
from tests.payments.konbini_numbers import issued
from tests.payments.staff import sign_in


async def test_many_notices_about_one_payment_make_one_question(shopping: Shopping) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number, tell=False)
    asked = 0
    konbini: Any = shopping.payments.methods["konbini"]
    look_up = konbini.look_up

    async def counted(payment: Payment) -> Any:
        nonlocal asked
        asked += 1
        return await look_up(payment)

    async with shopping.payments.db.transaction() as tx:
        for count in range(50):
            await insert_notice(tx, "konbini", Notice(f"n{count}", number.payment_id.hex), b"{}", now())
    konbini.look_up = counted
    await shopping.payments.work()
    assert asked == 1
    states = await shopping.payments.rows("SELECT state, count(*) AS all FROM notices GROUP BY 1")
    assert [tuple(row) for row in states] == [("done", 50)]
    assert (await shopping.payments.payment("N1")).state == "captured"


async def test_unclear_notices_are_listed_until_staff_have_seen_them(shopping: Shopping, keys: Keys) -> None:
    number = await issued(shopping)
    notices = (
        Notice("odd", number.payment_id.hex, "不明な通知", known=False),
        Notice("x" * 60_000, number.payment_id.hex, "a\0b\ud800"),
        Notice("of nobody", None, "about nothing " + "何" * 100, known=False),
    )
    async with shopping.payments.db.transaction() as tx:
        for one in notices:
            await insert_notice(tx, "konbini", one, b"\0\xff", now())
    await shopping.payments.work()
    states = await shopping.payments.rows("SELECT state FROM notices ORDER BY state")
    assert [row.state for row in states] == ["done", "unknown", "unknown"]
    browser = shopping.payments.browser
    sign_in(browser, keys)
    assert "未対応の通知が2件あります" in (await browser.get("/desk/payments")).text
    page = (await browser.get("/desk/payments/notices")).text
    assert "/desk/payments/N1" in page
    shown, _, on_demand = page.partition("about nothing")[2].partition("<details>")
    assert "何" * 40 in shown
    assert "何" * 60 not in shown
    assert "何" * 100 in on_demand.partition("</details>")[0]
    rows = await shopping.payments.rows("SELECT notice_key FROM notices WHERE state = 'unknown'")
    for row in rows:
        path = f"/desk/payments/notices/{row.notice_key}/seen"
        assert [(await browser.post(path)).status_code for _ in range(2)] == [303, 409]
    told = [event for event in await said(shopping.payments.db) if isinstance(event, PaymentDeedDone)]
    assert {(one.subject, one.order_code, one.by) for one in told} == {
        (
            "通知 odd（コンビニ・ATM・ネットバンキング・電子マネー払い）：確認済みにしました",
            "N1",
            "佐藤 店長",
        ),
        (
            "通知 of nobody（コンビニ・ATM・ネットバンキング・電子マネー払い）：確認済みにしました",
            "",
            "佐藤 店長",
        ),
    }
    assert len(told) == 2, "once each"
    assert "未対応の通知はありません" in (await browser.get("/desk/payments/notices")).text


async def test_a_genuine_unreadable_notice_is_kept_and_refused_once(shopping: Shopping) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    [(headers, body)] = shopping.konbini.notices()
    [name] = headers.keys() - {"content-type"}
    for wrong in (b'{"notice_id": "\\ud800"}', body.replace(b'"paid"', b"7"), b"\0"):
        signed = headers | {name: shopping.konbini._app.state.sender.sign(wrong)}
        answer = await shopping.payments.browser.post(
            "/payments/konbini/notices", content=wrong, headers=signed
        )
        assert answer.status_code == 400
    kept = await shopping.payments.rows("SELECT state, body FROM notices")
    assert {row.state for row in kept} == {"unreadable"}
    assert len(kept) == 3
