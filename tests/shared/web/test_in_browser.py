"""What the script adds, seen in Chromium: once is once, questions in numbers, keys, the postal code."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from selenium import webdriver
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from starlette.responses import HTMLResponse, JSONResponse, Response

from shared.ids import new_id
from shared.text.postal import find_towns, prefecture_of
from shared.web.fields import Count, Line
from shared.web.forms import Form
from shared.web.pages import Pages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs Chromium and its driver"),
]
T = TypeVar("T")


class Receipt(BaseModel):
    """A form that is taken once per key."""

    pieces: Count = Field(title="入荷数")
    memo: Line = Field("", title="メモ", max_length=100)
    key: UUID


class Shop:
    """The preview service on a port, noting the forms it was sent."""

    def __init__(self, preview: Any) -> None:
        self.sent: list[dict[str, list[str]]] = []
        app: FastAPI = preview.make_app(everybody="店長 佐々木")
        app.add_api_route("/api/checkout/postal/{code}", self.find_address)
        app.add_api_route("/cart/count", self.count_cart)
        app.add_api_route("/receipt", self.show_receipt)
        app.add_api_route("/receipt", self.take_receipt, methods=["POST"])
        app.add_api_route("/slow", self.take_time, methods=["POST"])
        app.add_api_route("/until-done", self.wait_or_end)
        self.waits_for = 0
        app.middleware("http")(self.note)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    async def note(self, request: Request, call_next: Callable[[Request], Any]) -> Any:
        if request.method == "POST":
            form = await request.form()
            self.sent.append({key: [str(value) for value in form.getlist(key)] for key in form})
        return await call_next(request)

    async def find_address(self, code: str) -> Response:
        """As checkout answers, with the towns that the tests need."""
        towns = [{"prefecture": found.prefecture, "address1": found.address1} for found in find_towns(code)]
        common = towns[0] if len(towns) == 1 else {"prefecture": prefecture_of(code), "address1": ""}
        return JSONResponse({**common, "towns": towns}, status_code=200 if towns else 404)

    async def count_cart(self) -> Response:
        """As checkout answers where nothing is in the cart."""
        return HTMLResponse("")

    async def show_receipt(self, request: Request) -> Response:
        """As a form at the desk that is booked once: each page has its own key."""
        pages: Pages = request.app.state.pages
        return pages.render(request, "receipt.html", form=Form(Receipt, {"key": str(new_id())}))

    async def take_receipt(self, request: Request) -> Response:
        """As all forms answer: the toast's cookie makes a browser load the form anew when it comes back."""
        pages: Pages = request.app.state.pages
        return pages.redirect(request, "/desk/orders", toast="入荷を登録しました")

    async def take_time(self) -> Response:
        return Response(status_code=204)  # the page stays, as it does while an answer is on its way

    async def wait_or_end(self, request: Request) -> Response:
        """As a page that waits for a provider: for as many looks as the test says."""
        pages: Pages = request.app.state.pages
        if not self.waits_for:
            return HTMLResponse("<main>終わりました</main>")
        self.waits_for -= 1
        return pages.wait(request, title="お待ちください", text="確認しています。", seconds=0)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture(scope="module")
def shop(preview: Any) -> Iterator[Shop]:
    shop = Shop(preview)
    deadline = time.monotonic() + 20
    while not shop.server.started and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    yield shop
    shop.stop()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = webdriver.ChromeOptions()
    profile = tmp_path_factory.mktemp("chromium")
    for switch in ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "no-first-run"):
        options.add_argument(f"--{switch}")
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument("--window-size=1280,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def page(shop: Shop, chromium: Chrome) -> Callable[[str], Chrome]:
    def opened(path: str) -> Chrome:
        shop.sent.clear()
        chromium.get(shop.url + path)
        return chromium

    return opened


def until(driver: Chrome, holds: Callable[[Chrome], T]) -> T:
    return WebDriverWait(driver, 10, poll_frequency=0.05).until(holds)


Page = Callable[[str], Chrome]


def test_a_form_that_is_taken_once_comes_back_empty(shop: Shop, page: Page) -> None:
    driver = page("/receipt")
    driver.find_element(By.NAME, "pieces").send_keys("10")
    driver.find_element(By.NAME, "memo").send_keys("納品書 77")
    driver.find_element(By.CSS_SELECTOR, "main form button").click()
    until(driver, lambda it: "/desk/orders" in it.current_url)
    sent = shop.sent[0]

    driver.back()

    until(driver, lambda it: "/receipt" in it.current_url)
    until(driver, lambda it: it.execute_script("return document.readyState") == "complete")
    key, pieces, memo = (
        driver.find_element(By.NAME, name).get_attribute("value") for name in ("key", "pieces", "memo")
    )
    assert (pieces, memo) == ("", "") or [key] == sent["key"], "it would be taken a second time"


def test_no_page_breaks_the_content_policy(page: Page) -> None:
    for path in ("/", "/order/address", "/order/wait", "/desk/orders", "/desk/orders/N-1"):
        driver = page(path)
        assert [entry["message"] for entry in driver.execute("getLog", {"type": "browser"})["value"]] == []
        assert driver.execute_script("return typeof htmx") == "object"


def test_a_postal_code_fills_only_what_was_not_typed(page: Page) -> None:
    driver = page("/order/address")
    driver.find_element(By.ID, "f-postal_code").send_keys("１５０－０００１")

    until(driver, lambda d: d.find_element(By.ID, "f-address1").get_attribute("value") == "渋谷区神宮前")
    assert driver.find_element(By.ID, "f-prefecture").get_attribute("value") == "東京都"

    driver = page("/order/address")
    driver.find_element(By.ID, "f-address1").send_keys("港区芝公園4-2-8")
    driver.find_element(By.ID, "f-postal_code").send_keys("1500001")
    until(driver, lambda d: d.find_element(By.ID, "f-prefecture").get_attribute("value") == "東京都")
    assert driver.find_element(By.ID, "f-address1").get_attribute("value") == "港区芝公園4-2-8"


def address(driver: Chrome) -> tuple[str, str]:
    """What stands in 都道府県 and 住所1."""
    prefecture, address1 = (driver.find_element(By.ID, f"f-{name}") for name in ("prefecture", "address1"))
    return prefecture.get_attribute("value") or "", address1.get_attribute("value") or ""


def type_code(driver: Chrome, code: str) -> None:
    box = driver.find_element(By.ID, "f-postal_code")
    box.clear()
    box.send_keys(code)


def note(driver: Chrome) -> str:
    return driver.find_element(By.CSS_SELECTOR, "[data-postal-note]").text


def test_another_code_replaces_an_address_not_typed(page: Page) -> None:
    driver = page("/order/address")
    type_code(driver, "1500001")
    until(driver, lambda d: address(d) == ("東京都", "渋谷区神宮前"))
    type_code(driver, "5300001")
    until(driver, lambda d: address(d) == ("大阪府", "大阪市北区梅田"))

    driver.find_element(By.ID, "f-address1").send_keys("3-1-3")
    type_code(driver, "1500001")
    until(driver, lambda d: "入力済みの住所が異なります" in note(d))
    assert address(driver) == ("大阪府", "大阪市北区梅田3-1-3")
    driver.find_element(By.CSS_SELECTOR, "[data-postal-note] button").click()
    assert address(driver) == ("東京都", "渋谷区神宮前")


def test_a_code_of_several_towns_lets_the_buyer_choose(page: Page) -> None:
    driver = page("/order/address")
    type_code(driver, "4980000")
    until(driver, lambda d: "複数の住所があります" in note(d))
    offered = driver.find_elements(By.CSS_SELECTOR, "[data-postal-note] button")
    assert [button.text for button in offered] == ["愛知県弥富市", "三重県桑名郡木曽岬町"]

    offered[1].click()

    assert address(driver) == ("三重県", "桑名郡木曽岬町")
    assert note(driver) == ""


def test_an_unknown_code_is_a_note_and_no_error(page: Page) -> None:
    driver = page("/order/address")
    type_code(driver, "0000000")

    until(driver, lambda d: "見つかりませんでした" in note(d))
    assert driver.find_elements(By.CSS_SELECTOR, ".field-error") == []


def test_reload_and_back_never_send_a_refused_form_again(page: Page, shop: Shop) -> None:
    driver = page("/order/address")
    driver.find_element(By.CSS_SELECTOR, "form[action='/order/address'] button").click()
    until(driver, lambda d: d.find_elements(By.CSS_SELECTOR, ".error-summary"))
    assert len(shop.sent) == 1

    driver.refresh()
    until(driver, lambda d: not d.find_elements(By.CSS_SELECTOR, ".error-summary"))
    driver.get(f"{shop.url}/")
    driver.back()

    until(driver, lambda d: d.find_elements(By.ID, "f-postal_code"))
    assert len(shop.sent) == 1


def test_a_form_is_sent_once_however_often_it_is_pressed(page: Page, shop: Shop) -> None:
    driver = page("/order/address")
    driver.execute_script(
        """const form = document.querySelector("form[data-once][action='/order/address']");
        form.action = "/slow";
        const button = form.querySelector("button");
        for (let i = 0; i < 5; i++) form.requestSubmit(button);"""
    )

    button = driver.find_element(By.CSS_SELECTOR, "form[action='/slow'] button")
    until(driver, lambda _: button.get_attribute("aria-busy") == "true")
    assert button.text == "保存しています…"
    assert not button.is_enabled()
    until(driver, lambda _: len(shop.sent) > 0)
    assert len(shop.sent) == 1


def test_focus_goes_to_the_errors(page: Page) -> None:
    driver = page("/order/address")
    driver.find_element(By.CSS_SELECTOR, ".form-actions button").click()

    until(driver, lambda d: d.find_elements(By.CSS_SELECTOR, ".error-summary"))
    assert "error-summary" in (driver.switch_to.active_element.get_attribute("class") or "")


def test_rows_are_selected_by_keys_and_sent_after_a_question(page: Page, shop: Shop) -> None:
    driver = page("/desk/orders")
    bar = driver.find_element(By.CSS_SELECTOR, ".selection-bar")
    body = driver.find_element(By.TAG_NAME, "body")
    assert not bar.is_displayed()

    body.send_keys("j", "x", "j", "j", "k", "x")

    assert bar.is_displayed()
    assert driver.find_element(By.CSS_SELECTOR, "[data-selected-count]").text == "2"

    bar.find_element(By.CSS_SELECTOR, "[data-confirm]").click()
    dialog = until(driver, lambda d: d.find_element(By.TAG_NAME, "dialog"))
    assert "2件を発送済みにし、2通のメールを送ります" in dialog.text
    assert shop.sent == []

    dialog.find_element(By.CSS_SELECTOR, "[value=yes]").click()
    until(driver, lambda d: d.find_elements(By.CSS_SELECTOR, ".toast"))
    assert shop.sent == [{"id": ["N-261122-0001", "N-261122-0002"], "confirmed": ["1"]}]


REFUND = (
    '<form method="post" action="/desk/orders/ship"><input name="amount" id="amount">'
    '<button id="refund" data-confirm="{yen:amount}を返金します。残りは{left:amount:3000}です。">返金</button></form>'
)


def test_a_question_names_the_amount_or_is_not_asked(page: Page, shop: Shop) -> None:
    driver = page("/desk/orders")
    driver.execute_script(
        "document.querySelector('main').insertAdjacentHTML('beforeend', arguments[0])", REFUND
    )
    driver.find_element(By.ID, "amount").send_keys("１,０００")
    driver.find_element(By.ID, "refund").click()
    dialog = until(driver, lambda d: d.find_element(By.TAG_NAME, "dialog"))
    assert "¥1,000を返金します。残りは¥2,000です。" in dialog.text
    dialog.find_element(By.CSS_SELECTOR, "[value=no]").click()
    until(driver, lambda d: not d.find_elements(By.TAG_NAME, "dialog"))

    driver.find_element(By.ID, "amount").clear()
    driver.find_element(By.ID, "refund").click()

    until(driver, lambda d: d.find_elements(By.CSS_SELECTOR, ".toast"))
    assert "confirmed" not in shop.sent[-1], "the page that answers says what is missing"


def test_slash_goes_to_the_search_and_question_mark_to_help(page: Page) -> None:
    driver = page("/desk/orders")
    body = driver.find_element(By.TAG_NAME, "body")

    body.send_keys("?")
    assert "キー操作" in driver.find_element(By.TAG_NAME, "dialog").text
    driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(driver, lambda d: not d.find_elements(By.TAG_NAME, "dialog"))

    body.send_keys("/")
    assert driver.switch_to.active_element.get_attribute("name") == "q"
    driver.switch_to.active_element.send_keys("jx")
    assert driver.switch_to.active_element.get_attribute("value") == "jx"
    assert not driver.find_elements(By.CSS_SELECTOR, "tr.is-at, [data-select]:checked")


def test_a_drawer_stays_as_it_was_left(page: Page) -> None:
    driver = page("/desk/orders")
    driver.find_element(By.CSS_SELECTOR, ".drawer > summary").click()
    until(driver, lambda d: d.find_element(By.CSS_SELECTOR, ".drawer").get_attribute("open") is None)

    driver = page("/desk/orders")

    assert driver.find_element(By.CSS_SELECTOR, ".drawer").get_attribute("open") is None


@pytest.mark.parametrize("path", ["/", "/order/address", "/order/wait", "/desk/orders", "/desk/orders/N-1"])
def test_nothing_is_wider_than_a_phone(page: Page, chromium: Chrome, path: str) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        driver = page(path)
        assert driver.execute_script("return document.documentElement.scrollWidth") == 390
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_waiting_page_goes_on_once_it_says_something_else(page: Page, shop: Shop) -> None:
    shop.waits_for = 2
    driver = page("/until-done")
    until(driver, lambda d: "終わりました" in d.page_source)
    assert shop.waits_for == 0, "it was asked again and again"
    assert driver.find_elements(By.CSS_SELECTOR, "meta[http-equiv=refresh]") == []
