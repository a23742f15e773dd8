"""Staff at the order desk, and the demo's user playing the providers."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from proof.browser import Browser, NotOnThePage
from shared.clock import in_japan, now

DEMO_STAFF = ("desk@noren.example", "noren-demo-2026")


@dataclass
class Staff:
    """One member of staff in front of the desk."""

    browser: Browser

    async def log_in(self, email: str = DEMO_STAFF[0], password: str = DEMO_STAFF[1]) -> None:
        """Log in at the desk. Raises NotOnThePage if it is refused."""
        await self.browser.open("/desk/login?next=/desk/orders")
        await self.browser.press("ログイン", email=email, password=password)
        if "/desk/login" in self.browser.url:
            raise NotOnThePage(f"not logged in: {self.browser.text[:300]}")

    async def open_order(self, order_code: str) -> str:
        """Open 受注詳細 and return its text."""
        await self.browser.open(f"/desk/orders/{order_code}")
        return self.browser.text

    async def in_bulk(self, button: str, *order_codes: str, tab: str, send_mail: bool = True) -> str:
        """Tick orders on a work list, press ``button``, confirm; return the text of the page of results."""
        page = self.browser
        await page.open(f"/desk/orders?tab={tab}&size=100")
        await page.press(button, id=list(order_codes), send_mail="true" if send_mail else None)
        await page.press("する", near=order_codes[0])
        return page.text

    async def ship(self, *order_codes: str, send_mail: bool = True) -> str:
        """「注文を発送済みにする」 for some orders at once."""
        button = "注文を発送済みにする"
        return await self.in_bulk(button, *order_codes, tab="unshipped", send_mail=send_mail)

    async def mark_paid(self, *order_codes: str, send_mail: bool = True) -> str:
        """「注文を入金済みにする」 for some orders at once."""
        return await self.in_bulk("注文を入金済みにする", *order_codes, tab="unpaid", send_mail=send_mail)

    async def issue_coupon(
        self, *emails: str, name: str, kind: str, value: int = 0, uses_each: int = 1
    ) -> None:
        """Define a coupon that lasts a year and give it to the members with these addresses."""
        page = self.browser
        await page.open("/desk/members/coupons/new")
        await page.press(
            "登録する",
            name=name,
            kind=kind,
            value=value or "",
            valid_until=f"{in_japan(now()) + timedelta(days=365):%Y-%m-%d}",
            member_uses_max=uses_each,
        )
        coupon = page.url.partition("?")[0]
        for email in emails:
            await page.open(f"{coupon}/members?q={quote(email)}")
            box = page.page.select_one('[name="id"]')
            if box is None:
                raise NotOnThePage(f"nobody to choose on {page.url}: {page.text[:500]}")
            await page.press("選んだ会員に発行する", id=str(box["value"]))
            if "発行しました" not in page.text:
                raise NotOnThePage(f"not issued: {page.text[:500]}")

    async def make_points_valid(self, email: str) -> None:
        """「有効にする」 for the points of a new member, which else wait for the link of a mail."""
        page = self.browser
        await page.open(f"/desk/members?q={quote(email)}")
        row = page.page.select_one("tr[data-href]")
        if row is None:
            raise NotOnThePage(f"no member on {page.url}: {page.text[:500]}")
        await page.open(str(row["data-href"]))
        if page.has_button("有効にする"):
            await page.press("有効にする")

    async def receive(self, sku: str, pieces: int) -> None:
        """「入荷を登録する」. Raises NotOnThePage if it is refused."""
        page = self.browser
        await page.open(f"/desk/stock/{sku}")
        await page.press("入荷を登録する", pieces=pieces, cause="仕入", memo="")
        if f"{pieces}個の入荷を登録しました" not in page.text:
            raise NotOnThePage(f"not booked: {page.text[:300]}")

    async def cancel(self, order_code: str, reason: str) -> str:
        """Cancel one order from its detail."""
        page = self.browser
        await page.open(f"/desk/orders/{order_code}/cancel")
        await page.press("キャンセルする", note=reason, staff_reason="buyer")
        return page.text


@dataclass
class KonbiniRegister:
    """The till of a konbini: the konbini simulator's console."""

    browser: Browser

    async def pay(self, number: str, button: str = "支払う") -> None:
        """Pay a payment number; ``button`` chooses what happens to the notice."""
        await self.browser.open("/")
        await self.browser.press(button, near=number)


async def bank_deposit(browser: Browser, *, payer: str, amount: int) -> None:
    """Transfer ``amount`` yen at the bank simulator."""
    await browser.open("/")
    await browser.press("入金する", name=payer, amount=amount)
