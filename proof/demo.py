"""Take real orders through the whole journey and show each step in the terminal.

    python -m deploy run proof.demo

Four shoppers buy by four methods on the shop's pages; the providers' simulators and the order desk are used
as their people would. Then every promise that can be checked from outside is checked.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from proof.browser import Browser
from proof.check import check, show
from proof.shopper import AmazonChoice, Person, Shopper
from proof.staff import KonbiniRegister, Staff, bank_deposit

STEPS = ("注文", "与信・番号", "入金", "発送", "処理済み", "メール")
STEP_SECONDS_MAX = 60.0
SHIP_MAIL = "発送"


@dataclass
class Journey:
    """One order on its way: which steps are done, and how long each took since the order."""

    method: str
    who: str
    code: str = ""
    total: str = ""
    started: float = 0.0
    done: dict[str, float] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    note: str = ""

    def reach(self, step: str) -> None:
        """Note that ``step`` has happened."""
        self.done.setdefault(step, time.monotonic() - self.started)


@dataclass
class Demo:
    """The addresses of the running shop, and the people in it."""

    origin: str
    simulators: dict[str, str]
    mail: str
    staff: Staff

    async def state(self, code: str) -> dict[str, Any]:
        """Return how the order stands, as the desk sees it."""
        answer = await self.staff.browser.client.get(
            f"/api/checkout/desk/orders/{code}", headers={"Accept": "application/json"}
        )
        answer.raise_for_status()
        state: dict[str, Any] = answer.json()
        return state

    async def mails(self, code: str) -> int:
        """Return how many mails about the order have arrived."""
        async with httpx.AsyncClient(timeout=10) as client:
            found = (await client.get(f"{self.mail}/email")).json()
        return sum(code in mail.get("subject", "") for mail in found)


async def wait_for(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until ``holds``. Raises TimeoutError, naming ``what`` was waited for."""
    deadline = time.monotonic() + STEP_SECONDS_MAX
    while not await holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {STEP_SECONDS_MAX:.0f} s")
        await asyncio.sleep(0.1)


async def buy(demo: Demo, journey: Journey, pay: Callable[[Shopper, Journey], Awaitable[None]]) -> None:
    """Put something into the cart, order it, pay for it as the method asks."""
    person = Person(name=journey.who, email=f"{journey.method}@example.jp")
    async with Browser(demo.origin) as browser:
        shopper = Shopper(browser, person)
        await shopper.put_in_cart(quantity=2)
        journey.started = time.monotonic()
        await pay(shopper, journey)


async def follow(demo: Demo, journey: Journey) -> None:
    """Watch the order until it is 処理済み and its mails have arrived."""

    async def finished() -> bool:
        state = await demo.state(journey.code)
        journey.total = f"¥{state['total']:,}"
        if state["payment"] not in {"awaited", "unmanaged"}:
            journey.reach("与信・番号")
        if state["deposit"] == "paid":
            journey.reach("入金")
        if state["shipping"] == "shipped":
            journey.reach("発送")
        if state["status"] == "processed":
            journey.reach("処理済み")
        journey.note = state["timeline"][0]["title"] if state["timeline"] else ""
        mailed = any(SHIP_MAIL in entry["text"] for entry in state["timeline"] if entry["topic"] == "mail")
        if mailed:
            journey.reach("メール")
        return "処理済み" in journey.done and mailed

    await wait_for(finished, f"the end of {journey.code}")


async def by_amazon_pay(demo: Demo, shopper: Shopper, journey: Journey) -> None:
    """Buy with an Account of Amazon.co.jp and become a member on the way."""
    journey.code = await shopper.order_by_amazon(AmazonChoice(), register=True)
    journey.reach("注文")


async def by_konbini(demo: Demo, shopper: Shopper, journey: Journey) -> None:
    """Order, then pay the number at the till."""
    journey.code = await shopper.order_by_form("konbini", chain="lawson")
    journey.reach("注文")

    async def number_shown() -> bool:
        await shopper.browser.open(f"/orders/{journey.code}")
        return "支払い番号" in shopper.browser.text and bool(_number(shopper.browser.text))

    await wait_for(number_shown, "the payment number")
    journey.reach("与信・番号")
    async with Browser(demo.simulators["konbini"]) as till:
        await KonbiniRegister(till).pay(_number(shopper.browser.text))


async def by_bank_transfer(demo: Demo, shopper: Shopper, journey: Journey) -> None:
    """Order, transfer, and let staff find the transfer and record it."""
    journey.code = await shopper.order_by_form("bank_transfer")
    journey.reach("注文")
    state = await demo.state(journey.code)
    async with Browser(demo.simulators["bank_transfer"]) as bank:
        await bank_deposit(bank, payer=shopper.person.kana, amount=state["total"])


async def by_cash_on_delivery(demo: Demo, shopper: Shopper, journey: Journey) -> None:
    """Order; the carrier takes the money."""
    journey.code = await shopper.order_by_form("cash_on_delivery")
    journey.reach("注文")


def _number(text: str) -> str:
    found = re.search(r"\b(\d{13}|\d{11})\b", text)
    return found.group(1) if found else ""


METHODS = {
    "amazon_pay": (by_amazon_pay, "佐藤 花子", frozenset[str]()),
    "konbini": (by_konbini, "鈴木 健一", frozenset[str]()),
    "bank_transfer": (by_bank_transfer, "田中 翔太", frozenset[str]()),
    "cash_on_delivery": (by_cash_on_delivery, "山田 由美子", frozenset({"与信・番号", "入金"})),
}


def view(journeys: list[Journey], line: str) -> Group:
    """Draw the journeys."""
    # Methods side by side: four of them fit a terminal of 80 columns, a row for each order does not.
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("")
    for journey in journeys:
        table.add_column(journey.method, no_wrap=True)
    table.add_row(
        "order", *(journey.code.replace("-", "-\n", 2).replace("-\n", "-", 1) or "…" for journey in journeys)
    )
    table.add_row("total", *(journey.total for journey in journeys))
    for step in STEPS:
        table.add_row(step, *(_mark(journey, step) for journey in journeys))
    return Group(table, Spinner("dots", text=line) if line else Text(""))


def _mark(journey: Journey, step: str) -> Text:
    if step in journey.skipped:
        return Text("–", style="dim")
    if step in journey.done:
        return Text(f"✓ {journey.done[step]:.1f}s", style="green")
    return Text("·", style="dim")


async def run(console: Console) -> None:
    """Play the demo. Raises what went wrong."""
    origin = os.environ["ORIGIN_URL"]
    simulators = {
        name.removesuffix("_SIMULATOR_URL").lower(): url
        for name, url in os.environ.items()
        if name.endswith("_SIMULATOR_URL")
    }
    journeys = [Journey(method, who, skipped=skipped) for method, (_, who, skipped) in METHODS.items()]
    async with Browser(origin) as desk:
        demo = Demo(origin, simulators, os.environ["MAIL_URL"], Staff(desk))
        await demo.staff.log_in()
        line = "four shoppers buy on the shop's pages"
        with Live(console=console, get_renderable=lambda: view(journeys, line), refresh_per_second=8):

            def pay_by(method: str) -> Callable[[Shopper, Journey], Awaitable[None]]:
                act = METHODS[method][0]
                return lambda shopper, journey: act(demo, shopper, journey)

            await asyncio.gather(*(buy(demo, one, pay_by(one.method)) for one in journeys))
            codes = {one.method: one.code for one in journeys}
            following = [asyncio.create_task(follow(demo, one)) for one in journeys]
            line = "staff record the bank transfer at the desk"
            await demo.staff.mark_paid(codes["bank_transfer"])
            await wait_for(lambda: _may_ship(demo, codes), "payment of all orders")
            line = "staff ship all four orders at the desk"
            await demo.staff.ship(*codes.values())
            line = "money is captured, points become 有効, mails go out"
            await asyncio.gather(*following)
            line = ""


async def _may_ship(demo: Demo, codes: dict[str, str]) -> bool:
    for method in ("konbini", "bank_transfer"):
        if (await demo.state(codes[method]))["deposit"] != "paid":
            return False
    return bool((await demo.state(codes["amazon_pay"]))["payment"] == "authorized")


async def main() -> int:
    """Run the demo and check the promises; return the exit code."""
    console = Console()
    try:
        await run(console)
    except Exception as error:
        console.print(f"[red]The demo stopped:[/red] {type(error).__name__}: {error}", highlight=False)
        return 1
    console.print("Checking from outside that nothing was lost and nothing doubled …")
    verdicts = await check((), settle_seconds_max=60)
    show(verdicts, console)
    return 1 if any(verdict.violations for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
