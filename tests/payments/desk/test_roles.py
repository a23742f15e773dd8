"""What a role may not do at the payment desk: no button leads there, and its address answers 403 (STF-01)."""

import pytest

from harness.keys import Keys
from shared.events import PaymentDeedDone
from tests.payments.conftest import Shopping
from tests.payments.konbini_numbers import issued, notify
from tests.payments.staff import press, sign_in

PAGE = "/desk/payments/N1"
REFUND = "別の方法で返金済みとして記録する"


async def paid(shopping: Shopping) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)


@pytest.mark.feature("STF-01", clause="no button shown")
async def test_a_clerk_of_orders_sees_no_refund_button(shopping: Shopping, keys: Keys) -> None:
    await paid(shopping)
    browser = shopping.payments.browser
    sign_in(browser, keys, staff="money")
    assert REFUND in (await browser.get(PAGE)).text
    sign_in(browser, keys, staff="orders")
    page = (await browser.get(PAGE)).text
    assert "入金済み" in page
    assert "返金" not in page
    for deed in ("refund", "part-refund", "outside"):
        assert f"{PAGE}/{deed}" not in page


@pytest.mark.feature("STF-01", clause="address answers 403")
async def test_a_clerk_of_orders_gets_403_from_the_address_of_a_refund(
    shopping: Shopping, keys: Keys
) -> None:
    await paid(shopping)
    sign_in(shopping.payments.browser, keys, staff="orders")
    for deed in ("refund", "part-refund", "outside"):
        answer = await press(shopping.payments, "N1", deed, returned_amount=100, refund_amount=100)
        assert answer.status_code == 403
    assert (await shopping.payments.payment("N1")).held_amount == 3_300
    assert await shopping.payments.said(PaymentDeedDone) == []


@pytest.mark.feature("STF-03", clause="orders and money: one line for each deed")
async def test_a_deed_about_money_has_the_money_before_and_after(shopping: Shopping, keys: Keys) -> None:
    await paid(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"returned_amount": 300, "route": "bank_transfer", "note": "三菱", "refund_id": "r-1"}
    page = (await shopping.payments.browser.get(PAGE)).text
    form["refund_id"] = page.partition('name="refund_id" value="')[2].partition('"')[0]
    assert (await press(shopping.payments, "N1", "outside", **form)).status_code == 303
    [deed] = await shopping.payments.said(PaymentDeedDone)
    assert isinstance(deed, PaymentDeedDone)
    assert (deed.order_code, deed.before, deed.after) == (
        "N1",
        "入金済み・お預かり ¥3,300",
        "入金済み・お預かり ¥3,000",
    )
