"""A method whose buyer visits the provider, written from method.py alone: there and back, and visits that end."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from harness.keys import Keys
from shared.clock import clock
from shared.events import PaymentAuthorized, PaymentFailed
from tests.payments.order_examples import cancelled, placed
from tests.payments.payments_service import Payments


def placed_here(service: Payments, keys: Keys, *codes: str) -> None:
    """Let the browser be the one that placed these orders."""
    claims = {"codes": list(codes)}
    statement = keys.issuers["checkout"].issue("order", claims, valid_for=timedelta(days=1))
    service.browser.cookies.set("noren_order", statement, domain="shop.test")


def onward(page: httpx.Response) -> str:
    """Where a waiting page leads by itself."""
    found = re.search(r'data-look-again="\d+"><a href="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1).replace("&amp;", "&")


async def ordered(service: Payments, keys: Keys) -> str:
    """Place an order, wait until the provider is ready, and return the address of the page that leaves."""
    placed_here(service, keys, "N1")
    menu = (await service.browser.get("/api/payments/methods")).json()["methods"]
    confirm_path = next(entry["confirm_path"] for entry in menu if entry["kind"] == "later")
    waiting = await service.browser.get(f"{confirm_path}?order=N1")
    assert "決済サービスに確認しています" in waiting.text, "the order has not been heard of yet"
    await service.hears(placed("N1", "later"))
    await service.work()
    first = await service.browser.get(f"{confirm_path}?order=N1")
    assert first.status_code == 200, "a page of ours lies between the form of the order and the provider"
    return onward(first)


async def test_the_buyer_is_brought_there_and_back_to_the_order(
    service: Payments, later: Any, keys: Keys
) -> None:
    leaving = await service.browser.get(await ordered(service, keys))
    assert (leaving.status_code, leaving.headers["location"]) == (303, "https://pay.test/N1")
    payment = await service.payment("N1")
    later.agree(payment)
    back = later.back_url(service.shop, payment)
    assert back == "http://shop.test/payments/later/back?order=N1&outcome=success"
    waiting = await service.browser.get(back)
    assert "お支払いを確認しています" in waiting.text
    await service.work()
    assert len(await service.said(PaymentAuthorized)) == 1, "coming back hastens the look"
    arrived = await service.browser.get(onward(waiting))
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/orders/N1")
    again = await service.browser.get("/payments/later/go?order=N1")
    assert again.headers["location"] == "/orders/N1", "nobody is sent there twice"


async def test_a_form_takes_the_order_there(service: Payments, later: Any, keys: Keys) -> None:
    later.by_form = True
    page = await service.browser.get(await ordered(service, keys))
    assert '<form action="https://form.test/begin" method="post" data-leaves>' in page.text
    for field in (
        '<input type="hidden" name="mail" value="hanako@example.jp">',
        '<input type="hidden" name="name" value="山田 花子">',
        '<input type="hidden" name="sum" value="3300">',
    ):
        assert field in page.text
    assert "決済画面へ進む</button>" in page.text, "for who has no JavaScript"
    allowed = page.headers["content-security-policy"]
    assert "form-action 'self' https://form.test https://pay.test;" in allowed
    assert "script-src 'self';" in allowed


@pytest.mark.parametrize(
    ("outcome", "said"), [("cancel", "手続きは完了していません"), ("failure", "確認できませんでした")]
)
async def test_who_comes_back_without_paying_is_told_so(
    service: Payments, keys: Keys, outcome: str, said: str
) -> None:
    await ordered(service, keys)
    answer = await service.browser.get(f"/payments/later/back?order=N1&outcome={outcome}")
    assert answer.headers["location"] == "/orders/N1"
    told = httpx.QueryParams(f"t={answer.cookies['noren_toast'].strip(chr(34))}")["t"]
    assert said in told
    assert (await service.payment("N1")).state == "waiting_for_buyer", "it proves nothing"


async def test_a_return_by_form_from_the_provider_s_site_is_taken(service: Payments, keys: Keys) -> None:
    await ordered(service, keys)
    headers = {"Origin": "https://pay.test", "Sec-Fetch-Site": "cross-site"}
    body = "res_result=OK&name=\x83n".encode("latin-1")
    answer = await service.browser.post("/payments/later/back?order=N1", content=body, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/payments/later/back?order=N1&outcome=success"


async def test_another_browser_hastens_and_sees_no_order(service: Payments, later: Any, keys: Keys) -> None:
    leaving = await ordered(service, keys)
    service.browser.cookies.clear()
    assert (await service.browser.get(leaving)).headers["location"] == "/orders/N1", "nobody else goes there"
    unpaid = await service.browser.get("/payments/later/back?order=N1&outcome=cancel")
    assert "別のブラウザー" in unpaid.text
    later.agree(await service.payment("N1"))
    waiting = await service.browser.get("/payments/later/back?order=N1")
    clock.move(timedelta(seconds=30))
    await service.work()
    arrived = await service.browser.get(onward(waiting))
    assert "お支払い手続きが完了しました" in arrived.text
    assert "別のブラウザー" in arrived.text


async def test_who_returns_often_asks_the_provider_each_half_minute(service: Payments, keys: Keys) -> None:
    await ordered(service, keys)
    due = []
    for seconds in (0, 1, 1, 1, 30):
        clock.move(timedelta(seconds=seconds))
        await service.work()
        await service.browser.get("/payments/later/back?order=N1&outcome=cancel")
        [row] = await service.rows("SELECT due_at FROM payment_requests WHERE due_at IS NOT NULL")
        due.append(row.due_at)
    assert due[1:4] == [due[0] + timedelta(seconds=30)] * 3
    assert due[4] == due[0] + timedelta(seconds=60)


async def test_pages_of_one_method_are_none_of_another_s_orders(service: Payments, keys: Keys) -> None:
    placed_here(service, keys, "N2")
    await service.hears(placed("N2", "cash_on_delivery"))
    for page in ("go", "back"):
        answer = await service.browser.get(f"/payments/later/{page}?order=N2")
        assert answer.headers["location"] == "/orders/N2"
    unknown = await service.browser.get("/payments/later/back?order=N9")
    assert unknown.headers["location"] == "/orders/N9"
    for number in range(2):
        tired = await service.browser.get(f"/payments/later/go?order=N9&turn={40 + number}")
        assert tired.headers["location"] == "/orders/N9", "the order's page tells more by now"


async def test_a_visit_that_nobody_ends_has_failed_in_time(service: Payments, later: Any, keys: Keys) -> None:
    await ordered(service, keys)
    clock.move(timedelta(minutes=29))
    await service.work()
    assert await service.said() == []
    clock.move(timedelta(minutes=3))
    await service.work()
    [failed] = await service.said(PaymentFailed)
    assert isinstance(failed, PaymentFailed)
    assert failed.reason == "buyer_abandoned"
    await service.hears(cancelled("N1"))
    later.agree(await service.payment("N1"))
    clock.move(timedelta(minutes=2))
    await service.work()
    assert later.voided == ["N1"], "a hold that comes too late is given back"
    assert await service.said(PaymentAuthorized) == []
    assert await service.rows("SELECT 1 FROM payment_requests WHERE due_at IS NOT NULL") == []


async def test_a_visit_that_came_to_its_end_in_time_counts(service: Payments, later: Any, keys: Keys) -> None:
    await ordered(service, keys)
    later.agree(await service.payment("N1"))
    clock.move(timedelta(minutes=31))
    await service.work()
    assert len(await service.said(PaymentAuthorized)) == 1
    assert await service.said(PaymentFailed) == []
