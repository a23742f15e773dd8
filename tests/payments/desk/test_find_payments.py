"""The payment desk finds a payment by parts of what is known of it, and its settings tell of other hands."""

import csv
import io
import re

from harness.keys import Keys
from shared.events import PaymentsExported
from tests.payments.conftest import Shopping
from tests.payments.order_examples import placed, reserved
from tests.payments.staff import sign_in

SETTINGS = "/desk/payments/settings"
CODE = "N261130-1234-AB5XY7CD"


async def two_payments(shopping: Shopping, keys: Keys) -> str:
    """A konbini payment of CODE with its number, which is returned, and one by card."""
    sign_in(shopping.payments.browser, keys)
    await shopping.payments.hears(
        placed(CODE, "konbini", order_number=10_042),
        reserved(CODE),
        placed("N261130-9999-ZZZZ2222", "card"),
    )
    await shopping.payments.work()
    number = (await shopping.payments.payment(CODE)).number
    assert number is not None
    return number.number


async def test_payments_are_found_by_parts_of_code_name_and_number(shopping: Shopping, keys: Keys) -> None:
    number = await two_payments(shopping, keys)
    payment = await shopping.payments.payment(CODE)
    first, last = payment.payer_name[:2], payment.payer_name[-2:]

    async def found(words: str) -> set[str]:
        page = (await shopping.payments.browser.get("/desk/payments", params={"q": words})).text
        return set(re.findall(r'data-href="/desk/payments/([^"]+)"', page))

    for words in (CODE, "AB5XY7CD", "ab5x", number, f"{number[:4]}-{number[4:]}", "10042", f"{last} 10042"):
        assert await found(words) == {CODE}, words
    for words in (payment.payer_name, f"{first}　{last}", last):
        assert len(await found(words)) == 2, words
    assert await found("%") == set()
    assert await found(f"{last} ZZZZ2222 10042") == set(), "no payment has all of these words"
    page = (await shopping.payments.browser.get(f"/desk/payments/{CODE}")).text
    assert "<dt>受付番号</dt><dd>10042</dd>" in page


async def test_the_file_is_an_owners_and_clerks_are_told(shopping: Shopping, keys: Keys) -> None:
    await two_payments(shopping, keys)
    browser = shopping.payments.browser
    sign_in(browser, keys, staff="staff")
    page = (await browser.get("/desk/payments")).text
    assert "CSVでの保存は、責任者だけが行えます。" in page
    assert "export.csv" not in page
    assert (await browser.get("/desk/payments/export.csv")).status_code == 403


async def test_a_file_is_noted_with_what_its_list_knows_alone(shopping: Shopping, keys: Keys) -> None:
    await two_payments(shopping, keys)
    strange = {"view": "wait\u202eing\n", "approved_by": "店長", "method": "konbini"}

    await shopping.payments.browser.get("/desk/payments/export.csv", params=strange)

    [deed] = await shopping.payments.said(PaymentsExported)
    assert isinstance(deed, PaymentsExported)
    assert deed.subject == "1件（条件：view=wait ing &method=konbini）"


async def test_no_other_site_has_a_file_taken(shopping: Shopping, keys: Keys) -> None:
    await two_payments(shopping, keys)
    browser, path = shopping.payments.browser, "/desk/payments/export.csv"
    sites = {"cross-site": 403, "same-origin": 200, "none": 200}
    for site, status in sites.items():
        assert (await browser.get(path, headers={"Sec-Fetch-Site": site})).status_code == status, site
    assert len(await shopping.payments.said(PaymentsExported)) == 2


async def test_the_file_holds_the_payments_of_the_list(shopping: Shopping, keys: Keys) -> None:
    await two_payments(shopping, keys)
    query = {"view": "waiting", "method": "konbini"}
    page = await shopping.payments.browser.get("/desk/payments", params=query)
    assert f'href="/desk/payments/export.csv?{page.url.query.decode().replace("&", "&amp;")}"' in page.text

    answer = await shopping.payments.browser.get("/desk/payments/export.csv", params=query)

    [deed] = await shopping.payments.said(PaymentsExported)
    assert isinstance(deed, PaymentsExported)
    assert deed.subject == "1件（条件：view=waiting&method=konbini）"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["注文番号"], row["金額"], row["入金額"]) == (CODE, "3300", "0")


async def test_an_older_page_of_settings_does_not_win(shopping: Shopping, keys: Keys) -> None:
    browser = shopping.payments.browser
    sign_in(browser, keys)
    page = (await browser.get(SETTINGS)).text
    version = re.findall(r'name="version" value="(\w+)"', page)[0]
    offers = dict.fromkeys(re.findall(r'name="(\w+-offered)"', page), "yes")
    form = {**offers, "version": version}

    assert (await browser.post(SETTINGS, data={**form, "capture_policy": "by_staff"})).status_code == 303
    late = await browser.post(SETTINGS, data={**form, "capture_policy": "in_provider_console"})

    assert late.status_code == 409
    assert "ほかのスタッフが設定を変更したため、保存していません。" in late.text
    assert re.search(r'value="in_provider_console" checked', late.text)
    menu = (await browser.get("/api/payments/methods")).json()
    assert menu["capture_policy"] == "by_staff"
    seen = re.findall(r'name="version" value="(\w+)"', late.text)[0]
    again = {**form, "capture_policy": "in_provider_console", "version": seen}
    assert (await browser.post(SETTINGS, data=again)).status_code == 303
