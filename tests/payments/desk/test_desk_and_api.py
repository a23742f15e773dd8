"""The payment desk shows every payment with all that happened; other services read menu and state."""

import asyncio
import re
from datetime import timedelta

import pytest

from harness.as_seen import as_seen
from harness.keys import Keys
from payments.main import read_figures
from payments.payment.rules.answers import Captured
from shared.clock import now
from shared.events import (
    PaymentLookUpRequested,
    PaymentSettingsChanged,
    SessionsRevoked,
    TaxedAmount,
)
from tests.payments.conftest import Shopping
from tests.payments.order_examples import placed, reserved, shipped
from tests.payments.staff import STAFF, press, sign_in


async def test_nobody_but_staff_sees_the_desk(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    for path in ("/desk/payments", "/desk/payments/N1", "/desk/payments/settings"):
        browser.cookies.clear()
        assert (await browser.get(path)).headers["location"].startswith("/desk/login")
        sign_in(browser, keys, staff=None)
        assert (await browser.get(path)).status_code == 403


async def test_an_ended_session_is_refused_at_once(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    assert (await shopping.payments.browser.get("/desk/payments")).status_code == 200
    await shopping.payments.hears(SessionsRevoked(member_id=STAFF, issued_until=now() + timedelta(seconds=1)))
    assert (await shopping.payments.browser.get("/desk/payments")).status_code == 303


async def test_the_desk_shows_the_provider_status_and_how_it_changes(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    assert "与信済" in (await browser.get("/desk/payments/N1")).text
    await shopping.payments.hears(shipped("N1"))
    await shopping.payments.work()
    page = (await browser.get("/desk/payments/N1")).text
    assert "売上確定済" in page
    for word in ("売上請求処理", "履歴", "仕訳", "未収入金"):
        assert word in page


async def test_the_desk_shows_the_taxes_that_the_order_told(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    told = placed("N1", "card")
    taxes = (
        TaxedAmount(rate=10, amount=2_220, tax=201),
        TaxedAmount(rate=8, reduced=True, amount=1_080, tax=80),
    )
    taxed = told.amounts.model_copy(update={"taxes": taxes, "tax_rounding": "down"})
    await shopping.payments.hears(told.model_copy(update={"amounts": taxed}), placed("N2", "card"))

    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "10％対象" in page
    assert "¥2,220（うち消費税 ¥201）" in page
    assert "8％対象※" in page
    assert "¥1,080（うち消費税 ¥80）" in page
    assert "％対象" not in (await shopping.payments.browser.get("/desk/payments/N2")).text


async def test_each_line_of_the_history_names_its_yen(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    await shopping.payments.hears(shipped("N1"))
    await shopping.payments.work()
    await press(shopping.payments, "N1", "part-refund", refund_amount=700, refund_reason="傷")
    await shopping.payments.work()
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    story = page[page.index("<h2>履歴</h2>") :]
    for words in (
        "ご注文を受け付けました ¥3,300",
        "与信：承認されました ¥3,300",
        "売上請求処理：入金を確認しました ¥3,300",
        "スタッフが返金を依頼しました（¥700 傷）",
        "返金処理：返金されました ¥700",
    ):
        assert words in story


async def test_a_payment_without_a_provider_offers_nobody_to_be_asked(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    await shopping.payments.hears(placed("N1", "cash_on_delivery"), placed("N2", "card"))
    assert "決済会社に照会する" not in (await browser.get("/desk/payments/N1")).text
    assert "決済会社に照会する" in (await browser.get("/desk/payments/N2")).text


async def test_who_asked_the_provider_is_written_down(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    await shopping.payments.hears(placed("N1", "konbini"), reserved("N1"))
    assert (await browser.post("/desk/payments/N1/look-up")).status_code == 303
    [deed] = await shopping.payments.said(PaymentLookUpRequested)
    assert isinstance(deed, PaymentLookUpRequested)
    assert (deed.subject, str(deed.by_id)) == ("N1", str(STAFF))


async def test_asking_again_while_a_look_is_due_is_one_deed(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    await shopping.payments.hears(placed("N1", "konbini"), reserved("N1"))
    await shopping.payments.work()
    answers = await asyncio.gather(*(browser.post("/desk/payments/N1/look-up") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {303}
    assert len(await shopping.payments.said(PaymentLookUpRequested)) == 1


@pytest.mark.parametrize("code", ["N9", "%F0%9F%98%80" * 40, "%0B%C2%B1", "x" * 3000])
async def test_nobody_is_asked_about_an_order_that_does_not_exist(
    shopping: Shopping, keys: Keys, code: str
) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    answer = await browser.post(f"/desk/payments/{code}/look-up")
    assert answer.status_code == 404
    assert "この注文の決済はありません。" in answer.text


async def test_the_list_filters_by_view_method_state_and_code(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    await shopping.payments.hears(placed("N1", "card"), placed("N2", "konbini"), reserved("N2"))
    await shopping.payments.work()

    async def codes(query: str) -> list[str]:
        page = (await browser.get(f"/desk/payments?{query}")).text
        return [code for code in ("N1", "N2") if f"/desk/payments/{code}" in page]

    assert await codes("") == ["N1", "N2"]
    assert await codes("view=waiting") == ["N2"]
    assert await codes("method=card") == ["N1"]
    assert await codes("state=waiting") == ["N2"]
    assert await codes("q=n1") == ["N1"]
    assert await codes("q=auth-N1") == ["N1"]
    assert await codes("view=attention") == []
    assert await codes("q=%25") == []


async def test_the_desk_shows_everything_that_needs_a_look(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.rows("UPDATE payments SET attention = 'refund_failed excess_money' RETURNING 1")
    page = (await browser.get("/desk/payments/N1")).text
    assert "返金できませんでした。" in page
    assert "過入金です。" in page
    assert "/desk/payments/N1" in (await browser.get("/desk/payments?view=attention")).text


@pytest.mark.parametrize("name", ["カード\u202e", "=?UTF-8?Q?x?=", "https://evil.example/", "a\x1b"])
async def test_a_display_name_holds_no_hidden_sign_and_no_link(
    shopping: Shopping, keys: Keys, name: str
) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    path = "/desk/payments/settings"
    form = await as_seen(browser, path, {"capture_policy": "by_staff", "card-name": name})
    refused = await browser.post(path, data=form)
    assert (refused.status_code, "表示名に使用できない文字" in refused.text) == (422, True)
    assert await shopping.payments.rows("SELECT name FROM setting_changes") == []


async def test_settings_change_the_menu_and_leave_a_trace(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    form = {
        "capture_policy": "by_staff",
        "card-name": "カード",
        "card-offered": "yes",
        "konbini-name": "コンビニ・ATM・ネットバンキング・電子マネー払い",
        "bank_transfer-name": "銀行振込",
        "bank_transfer-offered": "yes",
        "cash_on_delivery-name": "<b>代引き</b>",
        "cash_on_delivery-offered": "yes",
    }
    path = "/desk/payments/settings"
    assert (await browser.post(path, data=form)).status_code == 409
    assert (await browser.post(path, data=await as_seen(browser, path, form))).status_code == 303
    again = await browser.post(path, data=await as_seen(browser, path, form))
    assert again.status_code == 303, "what is so already may be saved again"
    menu = (await browser.get("/api/payments/methods")).json()
    assert menu["capture_policy"] == "by_staff"
    names = {entry["kind"]: entry["name"] for entry in menu["methods"]}
    assert names == {"card": "カード", "bank_transfer": "銀行振込", "cash_on_delivery": "<b>代引き</b>"}
    audit = await shopping.payments.rows(
        'SELECT subject, name, "by" FROM setting_changes ORDER BY name, subject'
    )
    assert [(row.name, row.subject) for row in audit] == [
        ("capture_policy", ""),
        ("name", "card"),
        ("name", "cash_on_delivery"),
        ("offered", "konbini"),
    ]
    assert {row.by for row in audit} == {"佐藤 店長"}
    page = (await browser.get("/desk/payments/settings")).text
    assert "<b>代引き" not in page
    assert "佐藤 店長" in page


async def test_the_last_method_is_switched_off_only_when_confirmed(shopping: Shopping, keys: Keys) -> None:
    browser, path = shopping.payments.browser, "/desk/payments/settings"
    sign_in(browser, keys)
    warning = "「使用する」のお支払い方法がありません"
    assert warning not in (await browser.get(path)).text
    form = await as_seen(browser, path, {"capture_policy": "by_staff"})

    asked = await browser.post(path, data=form)
    assert asked.status_code == 409
    assert warning in asked.text
    assert "まだ保存していません" in asked.text
    assert 'name="although"' in asked.text
    assert await shopping.payments.rows("SELECT name FROM setting_changes") == []

    assert (await browser.post(path, data=form | {"although": "true"})).status_code == 303
    assert (await browser.get("/api/payments/methods")).json()["methods"] == []
    page = (await browser.get(path)).text
    assert warning in page
    assert 'name="although"' not in page
    named = await as_seen(browser, path, {"capture_policy": "on_shipped"})
    assert (await browser.post(path, data=named)).status_code == 303, "it is asked once"


async def test_operations_are_told_how_many_methods_are_offered(shopping: Shopping) -> None:
    methods = shopping.payments.methods
    async with shopping.payments.db.transaction() as tx:
        figures = await read_figures(tx, methods)
    assert figures == {"attention": 0, "methods_offered": len(methods)}


async def test_a_changed_setting_of_a_method_is_taken_back(shopping: Shopping, keys: Keys) -> None:
    browser, path = shopping.payments.browser, "/desk/payments/settings"
    sign_in(browser, keys)
    form = {"capture_policy": "on_shipped"} | {
        f"{kind}-offered": "yes" for kind in ("konbini", "bank_transfer")
    }
    form |= {"cash_on_delivery-offered": "yes", "card-name": "カード"}
    await browser.post(path, data=await as_seen(browser, path, form))
    page = (await browser.get(path)).text
    named, hidden = sorted(re.findall(r'name="change" value="(\d+)"', page), key=int)

    assert (await browser.post(f"{path}/take-back", data={"change": hidden})).status_code == 303

    menu = (await browser.get("/api/payments/methods")).json()["methods"]
    assert {entry["kind"]: entry["name"] for entry in menu}["card"] == "カード"
    assert (await browser.post(f"{path}/take-back", data={"change": hidden})).status_code == 409
    said = await shopping.payments.said(PaymentSettingsChanged)
    deeds = [deed.subject for deed in said if isinstance(deed, PaymentSettingsChanged)]
    assert deeds[0].endswith("表示名：（初期値） → カード、利用設定：使用する → 利用しない")
    assert deeds[1].endswith("利用設定：利用しない → 使用する")
    assert named != hidden


async def test_the_menu_says_limits_and_choices(shopping: Shopping) -> None:
    menu = (await shopping.payments.browser.get("/api/payments/methods")).json()["methods"]
    konbini = next(entry for entry in menu if entry["kind"] == "konbini")
    most = {entry["kind"]: entry["amount_max"] for entry in menu}
    assert (most["konbini"], most["bank_transfer"], most["cash_on_delivery"]) == (300_000, 1_000_000, 300_000)
    assert len(konbini["choices"][0]["options"]) == 7
    assert (konbini["bulk_capture"], konbini["manual_deposit"], konbini["fee"]) == (False, False, 0)


async def test_the_payment_of_an_order_is_told_by_key_and_to_staff(shopping: Shopping, keys: Keys) -> None:
    await shopping.payments.hears(placed("N2", "konbini"), reserved("N2"))
    await shopping.payments.work()
    payment = await shopping.payments.payment("N2")
    assert payment.number is not None
    path = "/api/payments/orders/N2"
    assert (await shopping.payments.browser.get(path)).status_code == 404, "the code alone opens nothing"
    wrong = await shopping.payments.browser.get(path, params={"key": "x"})
    assert wrong.status_code == 404
    full = await shopping.payments.browser.get(path, params={"key": payment.page_key})
    assert full.json()["number"] == payment.number.number
    assert (await shopping.payments.browser.get("/api/payments/orders/N9")).status_code == 404
    sign_in(shopping.payments.browser, keys)
    seen = await shopping.payments.browser.get(path)
    assert seen.json()["state"] == "waiting"
    assert payment.number.number not in seen.text, "staff see how it stands, not the buyer's number"


async def test_a_poisoned_order_code_is_only_text(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    answer = await shopping.payments.browser.get("/desk/payments/%3Cscript%3E")
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert shopping.card.effects(Captured) == []
