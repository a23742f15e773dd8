"""Buyers, staff and providers, all at once: orders by every method, driven through HTTP only.

What buyers asked and what they were answered goes into the client's journal. Every actor is patient: while a
process is dead, it asks again with the same key, as a shopper's browser and a member of staff would.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar

import httpx

from proof.browser import Browser
from proof.installation import Installation
from proof.journal import Journal
from proof.member import Member
from proof.observers import Outside
from proof.patience import AGAIN, PATIENCE_SECONDS, PAUSE_SECONDS, patiently, send_form
from proof.staff import DEMO_STAFF, Staff
from proof.wishes import METHODS, SKU, wish

BUYERS_AT_ONCE = 8
MEMBERS, POINTS, COUPON_USES = 3, 7, 9_999
Cancelled = Literal["early", "late"]
CANCELLED: tuple[Cancelled, ...] = ("early", "late")
_numbers = itertools.count(1)
T = TypeVar("T")


@dataclass
class Order:
    """An order that was acknowledged."""

    code: str
    method: str
    total: int
    next_path: str
    buyer: Browser


@dataclass
class Load:
    """A shop full of people. ``fate`` decides who cancels; the same seed, the same people.

    ``patience_seconds`` is how long each of them goes on asking for one thing, ``pause_seconds_max`` how long
    they wait at most before they ask again.
    """

    shop: Installation
    outside: Outside
    journal: Journal
    fate: random.Random = field(default_factory=lambda: random.Random(20261122))
    orders: list[Order] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    patience_seconds: float = PATIENCE_SECONDS
    pause_seconds_max: float = PAUSE_SECONDS
    desk: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Browser(self.shop.origin_url)

    async def run(self, count: int, *, methods: tuple[str, ...] = METHODS) -> list[Order]:
        """Let ``count`` orders be placed, paid and shipped (some cancelled); return those acknowledged."""
        await self.opens()
        await self._patiently(lambda: self.shop.deliver(SKU, count))
        turn = asyncio.Semaphore(BUYERS_AT_ONCE)
        ends = [self.fate.choice(CANCELLED) if number % 5 == 4 else None for number in range(count)]

        async def one(number: int) -> None:
            async with turn:
                member = self.members[number % MEMBERS] if number % 3 == 0 else None
                await self.whole_order(methods[number % len(methods)], member, cancelled=ends[number])

        before = len(self.orders)
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                tasks.create_task(one(number))
        return self.orders[before:]

    async def opens(self, *, members: int = MEMBERS) -> None:
        """Let staff in, and have so many members with points and a coupon."""
        await self.log_in_at_desk()
        while len(self.members) < members:
            self.members.append(await self.registers())
        if without := [member for member in self.members if member.coupon is None]:
            await self.issues_coupon(without)

    async def log_in_at_desk(self) -> None:
        """Let staff in, once."""

        async def log_in() -> None:
            await self.desk.open("/desk/login")
            await self.desk.press("ログイン", email=DEMO_STAFF[0], password=DEMO_STAFF[1])
            if "noren_session" not in self.desk.client.cookies:
                raise ConnectionError(f"not logged in: {self.desk.text[:200]}")

        if "noren_session" not in self.desk.client.cookies:
            await self._patiently(log_in)

    async def registers(self) -> Member:
        """Sign somebody up, who then has points that staff have made valid."""
        member = Member(Browser(self.shop.origin_url), f"member{next(_numbers)}-{time.time_ns()}@example.jp")
        await self._patiently(member.sign_up)
        await self.log_in_at_desk()
        await self._patiently(partial(Staff(self.desk).make_points_valid, member.email))
        return member

    async def whole_order(
        self,
        method: str,
        member: "Member | None" = None,
        *,
        cancelled: Cancelled | None = None,
        buyer: Browser | None = None,
        lines: Mapping[str, int] | None = None,
    ) -> Order:
        """One order from the buyer's wish to the parcel, or to its cancellation somewhere on the way.

        A member uses points and a coupon for it, and makes one order at a time; else it is a guest, ``buyer`` or
        a new one.
        """
        if member is None:
            order = await self.buys(method, buyer=buyer, lines=lines)
        else:
            async with member.busy:
                await self._patiently(partial(member.uses, POINTS))
                order = await self.buys(method, buyer=member.browser, lines=lines)
        if cancelled == "early":
            await asyncio.sleep(self.fate.random())
            await self.cancels(order)
            return order
        await self.pays(order)
        await self.ships(order)
        if cancelled == "late":
            await self.cancels(order)
        return order

    async def issues_coupon(self, members: Sequence[Member]) -> None:
        """Let staff give members a coupon, with enough uses for all that they will order."""

        async def issue() -> None:
            await Staff(self.desk).issue_coupon(
                *(member.email for member in members),
                name="一割引クーポン",
                kind="percent_off",
                value=10,
                uses_each=COUPON_USES,
            )

        await self._patiently(issue)
        for member in members:
            await self._patiently(member.find_coupon)

    async def buys(
        self, method: str, *, buyer: Browser | None = None, lines: Mapping[str, int] | None = None
    ) -> Order:
        """Place an order; with a wallet, visit the provider before and after."""
        buyer = buyer or Browser(self.shop.origin_url)
        if method == "amazon_pay":
            await self._patiently(lambda: self.choose_wallet(buyer))
        wanted = wish(method, lines or {SKU: 1})
        key = f"load-{time.time_ns()}-{next(_numbers)}"
        answer = await self.places(buyer, key, wanted)
        order = Order(answer["order_code"], method, answer["total"], answer["next_path"], buyer)
        self.orders.append(order)
        if method == "amazon_pay":
            await self._patiently(lambda: self.confirm_at_provider(order))
        return order

    async def places(self, buyer: Browser, key: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for an order until there is an answer; the journal has every try."""

        async def ask() -> dict[str, Any]:
            answer = await self.asks(buyer, key, wanted)
            if answer is None or answer.status_code in AGAIN:
                raise ConnectionError("no order yet")
            if answer.status_code != 201:
                raise AssertionError(f"{wanted['payment_kind']}: {answer.status_code} {answer.text[:300]}")
            return dict(answer.json())

        return await self._patiently(ask)

    async def asks(self, buyer: Browser, key: str, wanted: Mapping[str, Any]) -> httpx.Response | None:
        """Ask for an order once; None if no answer came."""
        self.journal.sent(key, wanted)
        try:
            answer = await buyer.client.post(
                "/api/checkout/orders",
                json=wanted,
                headers={"Idempotency-Key": key, "Origin": self.shop.origin_url, "Accept": "*/*"},
            )
        except httpx.HTTPError as error:
            self.journal.silent(key, wanted, type(error).__name__)
            return None
        told = answer.json() if answer.is_success else {"text": answer.text[:200]}
        self.journal.answered(key, wanted, answer.status_code, told)
        return answer

    async def choose_wallet(self, buyer: Browser) -> None:
        """Through the provider's pages: account, address, instrument, and back with the signed wallet."""
        await buyer.open(f"{self.shop.origin_url}/payments/amazon_pay/start")
        await buyer.press("amazon.co.jp")
        await buyer.press("続行")
        if "noren_wallet" not in " ".join(buyer.client.cookies):
            raise ConnectionError(f"no wallet yet: {buyer.url} {buyer.status}")

    async def confirm_at_provider(self, order: Order) -> None:
        """To the provider and back to the order's page, again until the provider has said its word."""
        await order.buyer.open(self.shop.origin_url + order.next_path)
        if order.buyer.status != 200 or f"/orders/{order.code}" not in order.buyer.url:
            raise ConnectionError(f"the buyer is stuck at {order.buyer.url}: {order.buyer.status}")
        seen = await order.buyer.client.get(f"{self.shop.origin_url}/api/checkout/orders/{order.code}")
        if seen.status_code != 200 or seen.json()["payment"] == "awaited":
            raise ConnectionError(f"order {order.code} is not authorized yet: {seen.text[:200]}")

    async def pays(self, order: Order) -> None:
        """Do what the method asks of buyer or staff before the parcel may leave."""
        if order.method == "konbini":
            number_id = await self._patiently(lambda: self._konbini_number(order))
            console = self.shop.simulator_urls["konbini"]
            await self._post(f"{console}/console/numbers/{number_id}", do="pay", amount=str(order.total))
        elif order.method == "bank_transfer":
            await self._patiently(lambda: self.stands(order, payment="number_issued"))
            bank = self.shop.simulator_urls["bank_transfer"]
            await self._post(f"{bank}/console/deposits", name=order.code, amount=str(order.total))
            await self._at_desk("capture", {"order_codes": [order.code]}, "capture_already_requested")

    async def ships(self, order: Order) -> None:
        """Send the parcel as soon as the rules allow it."""
        body = {"orders": [{"order_code": order.code, "carrier": "yamato"}], "send_mail": True}
        await self._at_desk("ship", body, "order_move_not_allowed")

    async def cancels(self, order: Order) -> None:
        """Cancel at the desk, whatever the payment does meanwhile."""

        async def cancel() -> None:
            answer = await self._desk_post(
                f"orders/{order.code}/cancel",
                {"note": "お客様のご都合", "send_mail": True, "although_shipped": True},
            )
            if answer.status_code != 200 and "order_already_cancelled" not in answer.text:
                raise ConnectionError(f"{answer.status_code} {answer.text[:200]}")

        await self._patiently(cancel)

    async def state(self, code: str) -> dict[str, Any]:
        """How an order stands, as the desk's interface tells it."""
        answer = await self.desk.client.get(f"/api/checkout/desk/orders/{code}", follow_redirects=True)
        if answer.status_code != 200:
            raise ConnectionError(f"{answer.status_code} {answer.text[:200]}")
        return dict(answer.json())

    async def stands(self, order: Order, **expected: str) -> None:
        """Raise unless the order stands as expected, axis by axis."""
        state = await self.state(order.code)
        found = {axis: state[axis] for axis in expected}
        if found != expected:
            raise ConnectionError(f"order {order.code} is {found}, not {expected}")

    async def _konbini_number(self, order: Order) -> str:
        rows = await self.outside.rows(
            "payments",
            "SELECT refs->>'number_id' AS number_id FROM payments WHERE order_code = $1 AND state = 'waiting'",
            order.code,
        )
        if rows and rows[0]["number_id"]:
            return str(rows[0]["number_id"])
        raise ConnectionError(f"order {order.code} has no number yet")

    async def _at_desk(self, do: str, body: Mapping[str, Any], done_before: str) -> None:
        """Ask until it is done; ``done_before`` is what the desk says if a lost answer had done it."""

        async def act() -> None:
            answer = await self._desk_post(f"orders/{do}", body)
            if answer.status_code != 200:
                raise ConnectionError(f"{answer.status_code} {answer.text[:200]}")
            [result] = answer.json()["results"]
            if not result["ok"] and result["code"] != done_before:
                raise ConnectionError(f"{result}")

        await self._patiently(act)

    async def _desk_post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        return await self.desk.client.post(
            f"/api/checkout/desk/{path}",
            json=body,
            headers={"Origin": self.shop.origin_url, "Accept": "application/json"},
            # Rights of staff are renewed by a way to members and back.
            follow_redirects=True,
        )

    async def close(self) -> None:
        """Send everybody home."""
        people = [
            self.desk,
            *(member.browser for member in self.members),
            *(order.buyer for order in self.orders),
        ]
        for browser in {id(one): one for one in people}.values():
            await browser.client.aclose()

    async def _post(self, url: str, **form: str) -> None:
        await self._patiently(lambda: send_form(url, **form))

    async def _patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        return await patiently(act, seconds=self.patience_seconds, pause_seconds_max=self.pause_seconds_max)
