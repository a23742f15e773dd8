"""The roles of requests: nobody, a member, a buyer with signed statements, and staff of each role."""

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from proof.browser import Browser, NotOnThePage
from proof.shopper import Person, Shopper
from proof.staff import DEMO_STAFF, Staff

PASSWORD = "yuzu 1972 matsuri"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Role:
    """A kind of visitor, and the cookies that make one."""

    name: str
    cookies: Mapping[str, str]

    @property
    def cookie_header(self) -> str:
        """The cookies as one header; empty for nobody."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


async def all_roles(origin: str) -> list[Role]:
    """Return one visitor of each kind, logged in where there is something to log in to.

    The services have no login of their own: what they ask one another is asked as nobody, or with the
    buyer's statements handed on (the role "buyer").
    """
    return [
        Role("anonymous", {}),
        await _member(origin),
        await _buyer(origin),
        await _clerk(origin),
        await _staff(origin, "owner", *DEMO_STAFF),
    ]


async def _member(origin: str) -> Role:
    async with Browser(origin) as browser:
        await sign_up(browser, new_address())
        return _role("member", browser)


async def sign_up(browser: Browser, email: str) -> None:
    """Register a member. Raises NotOnThePage if that is refused."""
    await browser.open("/members/signup")
    fields = {"name": "柚子 三郎", "kana": "ユズ サブロウ", "email": email, "password": PASSWORD}
    await browser.press("会員登録する", **fields)
    if "noren_session" not in browser.client.cookies:
        raise NotOnThePage(f"not registered: {browser.text[:300]}")


def new_address() -> str:
    """Return an address that nobody has."""
    return f"fuzz{next(_numbers)}-{time.time_ns()}@example.jp"


async def _buyer(origin: str) -> Role:
    async with Browser(origin) as browser:
        shopper = Shopper(browser, Person(email=new_address()))
        await shopper.put_in_cart()
        await shopper.order_by_form("cash_on_delivery")
        await shopper.put_in_cart()
        await shopper.arrive_from_amazon()
        return _role("buyer", browser)


async def _clerk(origin: str) -> Role:
    """Staff without the owner's rights; the command of an operator makes the account."""
    email = new_address()
    command = [
        sys.executable,
        "-m",
        "members.staff.add_staff",
        "--email",
        email,
        "--name",
        "店員",
        "--role",
        "manager",
    ]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        input=PASSWORD + "\n",
        text=True,
        capture_output=True,
        env=os.environ
        | {
            "DATABASE_URL": "postgresql+asyncpg://unused",
            "MIGRATE_DATABASE_URL": os.environ["MEMBERS_DATABASE_URL"],
            "AMQP_URL": "amqp://unused",
        },
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"no staff account: {done.stderr[-500:]}")
    return await _staff(origin, "staff", email, PASSWORD)


async def _staff(origin: str, name: str, email: str, password: str) -> Role:
    async with Browser(origin) as browser:
        await Staff(browser).log_in(email, password)
        return _role(name, browser)


def _role(name: str, browser: Browser) -> Role:
    return Role(name, {cookie.name: cookie.value or "" for cookie in browser.client.cookies.jar})
