"""A member with points and perhaps a coupon. Every step is tried once; who is patient asks again."""

import asyncio
from dataclasses import dataclass, field

import httpx

from proof.browser import Browser
from proof.patience import AGAIN

PASSWORD = "tsubaki 1985 hanabi"


@dataclass
class Member:
    """Somebody who signs up and then has points; ``coupon`` is what staff issued, under its id."""

    browser: Browser
    email: str
    coupon: str | None = None
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def sign_up(self) -> None:
        """Register on the page. Raises ConnectionError if that did not work."""
        await self.browser.open("/members/signup")
        fields = {"name": "椿 一郎", "kana": "ツバキ イチロウ", "email": self.email}
        await self.browser.press("会員登録する", **fields, password=PASSWORD)
        if "noren_session" not in self.browser.client.cookies:
            raise ConnectionError(f"not registered: {self.browser.text[:300]}")

    async def find_coupon(self) -> None:
        """Learn which coupon was issued. Raises ConnectionError as long as none is seen."""
        answer = await self.browser.client.get(f"{self.browser.origin}/api/members/me")
        coupons = answer.json()["coupons"] if answer.status_code == 200 else []
        if not coupons:
            raise ConnectionError(f"no coupon: {answer.status_code} {answer.text[:200]}")
        self.coupon = str(coupons[-1]["issue_id"])

    async def uses(self, points: int) -> httpx.Response:
        """Set points, and the coupon if there is one, aside for the next order."""
        answer = await self.browser.client.post(
            f"{self.browser.origin}/api/members/benefits",
            json={"points": points, "coupon": self.coupon},
            headers={"Origin": self.browser.origin, "Accept": "application/json"},
        )
        if answer.status_code in AGAIN:
            raise ConnectionError(f"{answer.status_code}")
        return answer
