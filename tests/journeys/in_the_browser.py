"""What shoppers and staff do in Chromium: the same steps as proof/shopper.py and proof/staff.py, with JavaScript."""

import re
import time
from typing import Any

import httpx

from harness.chromium import Chromium
from proof.shopper import Person
from proof.staff import DEMO_STAFF

SKU = "tenugui-asanoha"
# The mail of an event passes relay, consumer and mail server on a busy machine.
MAIL_SECONDS_MAX = 30.0


def put_in_cart(visitor: Chromium, sku: str = SKU) -> None:
    """From the product's page to the cart."""
    visitor.open(f"/items/{sku}").press("カートに入れる")
    if visitor.path != "/cart":
        visitor.open("/cart")


def type_address(visitor: Chromium, person: Person) -> None:
    """Fill in the first screen; the postal code fills the first part of the address by itself."""
    fields = person.fields()
    prefecture, address1 = fields.pop("prefecture"), fields.pop("address1")
    visitor.fill(**fields)
    visitor.wait_until(lambda: visitor.one("[name=address1]").get_attribute("value"), "the town")
    assert visitor.one("[name=prefecture]").get_attribute("value") == prefecture
    visitor.fill(address1=address1)


def order_on_form(visitor: Chromium, method: str, *, shots: bool = False, **choices: str) -> str:
    """Order what is in the cart on the four screens; return the order code."""
    person = Person()

    def shot(name: str) -> None:
        if shots:
            visitor.shot(name)

    visitor.press("このサイトでお支払い")
    shot("order-1-customer")
    type_address(visitor, person)
    visitor.press("お届け先の入力へ")
    shot("order-2-delivery")
    visitor.press("次へ進む").choose(method)
    if choices:
        visitor.fill(**choices)
    shot("order-3-payment")
    visitor.press("ご注文内容の確認へ")
    shot("order-4-confirm")
    visitor.press("注文を確定する").wait_for("ご注文ありがとうございます")
    return order_code(visitor)


def arrive_from_amazon(visitor: Chromium, account: str) -> None:
    """From the cart over Amazon's pages to 「ご注文手続き」."""
    visitor.press("amazon pay")
    visitor.shot("amazon-1-account")
    visitor.press(account)
    visitor.shot("amazon-2-address-and-card").press("続行")
    visitor.wait_for("ご注文手続き")


def order_code(visitor: Chromium) -> str:
    """The code of the order whose page is shown."""
    found = re.search(r"/orders/([A-Z0-9-]+)", visitor.path)
    assert found, visitor.driver.current_url
    return found.group(1)


def log_in_at_desk(desk: Chromium) -> None:
    """Let staff in."""
    email, password = DEMO_STAFF
    desk.open("/desk/login").fill(email=email, password=password).press("ログイン")
    desk.wait_for("受注一覧")


def wait_for_badge(desk: Chromium, code: str, word: str) -> None:
    """Open an order at the desk and wait until a mark beside its code says ``word``.

    Not just anywhere on the page: there, buttons and hints name states that the order is not in.
    """
    desk.open(f"/desk/orders/{code}")

    def says() -> bool:
        if word in desk.one("h1").text.split():
            return True
        desk.driver.refresh()
        return False

    desk.wait_until(says, f"{code}: {word}")


def ship(desk: Chromium, *codes: str) -> None:
    """「注文を発送済みにする」 for orders on the work list, up to the page of results."""
    desk.open("/desk/orders?tab=unshipped&size=100")
    for code in codes:
        desk.one(f'[data-select][value="{code}"]').click()
    desk.press("注文を発送済みにする", within=".selection-bar")
    desk.wait_for(f"{len(codes)}件を発送済みにし、{len(codes)}通のメールを送ります。")
    desk.press("注文を発送済みにする", within=".form-actions").wait_for("完了")


def mails_about(mail_url: str, code: str, subject: str, *, count: int = 1) -> list[dict[str, Any]]:
    """Wait for ``count`` mails about an order at the mail catcher; return all there are."""
    deadline = time.monotonic() + MAIL_SECONDS_MAX
    while True:
        mails = httpx.get(f"{mail_url}/email", timeout=10).json()
        found = [one for one in mails if code in one["subject"] and subject in one["subject"]]
        if len(found) >= count:
            return found
        seen = [one["subject"] for one in mails if code in one["subject"]]
        assert time.monotonic() < deadline, f"no {subject!r} for {code}, only {seen}"
        time.sleep(0.2)
