"""Shoppers and staff, as they use the pages: the same steps, buttons and words as a person would."""

import re
from dataclasses import dataclass, field
from typing import Any

from proof.browser import Browser, NotOnThePage

AMAZON_PAGES = "/checkout"


@dataclass(frozen=True)
class Person:
    """Who buys, and where it goes."""

    name: str = "佐藤 花子"
    kana: str = "サトウ ハナコ"
    email: str = "hanako@example.jp"
    postal_code: str = "1000005"
    prefecture: str = "東京都"
    address1: str = "千代田区丸の内1-9-1"
    address2: str = "みどりビル5F"
    phone: str = "0312345678"

    def fields(self) -> dict[str, str]:
        """Return the fields of the order form."""
        return {
            "name": self.name,
            "kana": self.kana,
            "email": self.email,
            "postal_code": self.postal_code,
            "prefecture": self.prefecture,
            "address1": self.address1,
            "address2": self.address2,
            "phone": self.phone,
        }


@dataclass(frozen=True)
class AmazonChoice:
    """What the buyer picks on Amazon's pages, by words on the page; None takes what is offered first."""

    account: str = "amazon.co.jp"
    instrument: str | None = None
    behaviour: str = ""


@dataclass
class Shopper:
    """One visitor of the shop."""

    browser: Browser
    person: Person = field(default_factory=Person)

    async def put_in_cart(self, sku: str | None = None, *, quantity: int = 1) -> None:
        """Put a product into the cart; without ``sku`` the first on the shop's page that is in stock."""
        page = self.browser
        if sku is None:
            await page.open("/")
            items = [str(link["href"]) for link in page.page.select('a[href^="/items/"]')]
            for item in dict.fromkeys(items):
                await page.open(item)
                if page.has_button("カートに入れる"):
                    break
        else:
            await page.open(f"/items/{sku}")
        await page.press("カートに入れる", quantity=quantity)
        if "/cart" not in page.url:
            await page.open("/cart")

    async def fill_form(self, method: str, **choices: str) -> None:
        """Go from the cart through the first three screens of the standard form to the confirmation."""
        page = self.browser
        await page.open("/cart")
        await page.follow("このサイトでお支払い")
        await page.open("/order/customer")
        await page.press("お届け先の入力へ", **self.person.fields())
        await page.open("/order/delivery")
        await page.press("次へ進む", deliver_to="orderer")
        chosen = {f"{method}-{name}": value for name, value in choices.items()}
        await page.press("ご注文内容の確認へ", payment_kind=method, **chosen)

    async def order_by_form(self, method: str, **choices: str) -> str:
        """Order what is in the cart on the standard form; return the order code."""
        await self.fill_form(method, **choices)
        return await self.confirm()

    async def arrive_from_amazon(self, choice: AmazonChoice | None = None) -> None:
        """Press 「amazon pay」 in the cart and choose on Amazon's pages, up to 「ご注文手続き」."""
        choice = choice or AmazonChoice()
        page = self.browser
        await page.open("/cart")
        await page.follow("amazon pay")
        if page.has_button(choice.account):
            await page.press(choice.account)
        await self.choose_at_amazon(choice)

    async def choose_at_amazon(self, choice: AmazonChoice) -> None:
        """Choose on Amazon's page and go back to the shop."""
        page = self.browser
        fields: dict[str, str] = {"behaviour": choice.behaviour}
        if choice.instrument is not None:
            fields["instrument"] = self._option(choice.instrument)
        await page.press("続行", **fields)

    def _option(self, words: str) -> str:
        for label in self.browser.page.select("label"):
            radio = label.select_one('input[name="instrument"]')
            if radio is not None and words in label.get_text(" "):
                return str(radio["value"])
        raise NotOnThePage(f"no instrument {words!r}: {self.browser.text[:500]}")

    async def order_by_amazon(self, choice: AmazonChoice | None = None, *, register: bool = False) -> str:
        """Order what is in the cart by Amazon Pay; return the order code."""
        await self.arrive_from_amazon(choice)
        fields: dict[str, Any] = {} if not self._box() else {"register_member": "true" if register else None}
        return await self.confirm(**fields)

    def _box(self) -> bool:
        return self.browser.page.select_one('[name="register_member"]') is not None

    async def confirm(self, **fields: Any) -> str:
        """Press 「注文を確定する」 and wait for the order's page; return the order code."""
        await self.browser.press("注文を確定する", **fields)
        return self.order_code()

    def order_code(self) -> str:
        """Return the code of the order whose page is shown."""
        found = re.search(r"/orders/([A-Z0-9-]+)", self.browser.url)
        if found is None:
            raise NotOnThePage(f"no order on {self.browser.url}: {self.browser.text[:800]}")
        return found.group(1)
