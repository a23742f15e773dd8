"""What a whole day leaves behind in checkout, members and notifications: no card number, no provider's secret.

Looked at: every event as it went to the broker, every row of the three databases, every page, answer and cookie
that the shop gave, and everything the three processes logged.
"""

import base64
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from proof.browser import Browser
from proof.observers import Outside
from proof.settled import settled
from proof.shopper import AmazonChoice, Shopper
from proof.staff import KonbiniRegister, Staff
from tests.journeys.stack import Stack

pytestmark = pytest.mark.broker

SKU = "tenugui-asanoha"
OTHERS = ("checkout", "members", "notifications")
OF_PAYMENTS = ("/payments", "/desk/payments", "/api/payments")
# Trace ids are hexadecimal, and now and then have no letter.
TRACE = re.compile(r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-0\d\b")
DIGITS = re.compile(r"(?<![0-9A-Za-z-])[3-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{2,4})?(?![0-9A-Za-z-])")
JWS = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]+")


def card_numbers(text: str) -> list[str]:
    """Return what could be a card's number: 14 to 19 digits of a card brand whose check digit is right."""
    found = (re.sub(r"\D", "", one[0]) for one in DIGITS.finditer(TRACE.sub("", text)))
    return [digits for digits in found if 14 <= len(digits) <= 19 and _check_digit_is_right(digits)]


def _check_digit_is_right(digits: str) -> bool:
    doubled = [int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def secrets_in(text: str, secrets: Mapping[str, str]) -> list[str]:
    """Return the names of the secrets that ``text`` holds, as they are or in base64."""
    return [
        name
        for name, secret in secrets.items()
        if re.search(rf"(?<![\w-]){re.escape(secret)}(?![\w-])", text)
        or base64.b64encode(secret.encode()).decode().rstrip("=") in text
    ]


def secrets_of(stack: Stack) -> dict[str, str]:
    """What payments signs in with at its providers, by name."""
    pem = (stack.site.keys / "amazon_pay/merchant.pem").read_text()
    lines = [line for line in pem.splitlines() if line and not line.startswith("-")]
    given = stack.definition("payments").environment
    return {
        "konbini": given.get("KONBINI_SECRET", "noren-demo"),
        "bank_transfer": given.get("BANK_TRANSFER_TOKEN", "noren-demo"),
        **{f"amazon_pay, line {number}": line for number, line in enumerate(lines, 1)},
    }


@asynccontextmanager
async def overheard(stack: Stack, answers: list[str]) -> AsyncIterator[Browser]:
    """A browser of which every answer of the three services is written down, with cookies opened."""

    async def write_down(response: httpx.Response) -> None:
        ours = str(response.url).startswith(stack.origin_url)
        if ours and not response.url.path.startswith(OF_PAYMENTS):
            await response.aread()
            headers = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
            answers.append(f"{response.url}\n{headers}\n{response.text}")
            answers.extend(_opened(headers))

    async with Browser(stack.origin_url) as browser:
        browser.client.event_hooks["response"].append(write_down)
        yield browser


def _opened(headers: str) -> Iterator[str]:
    for found in JWS.finditer(headers):
        yield base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()


async def messages(outside: Outside) -> list[str]:
    """Return every event of all four services as it goes to the broker."""
    found = []
    for service in outside.databases:
        rows = await outside.rows(service, "SELECT to_jsonb(outbox)::text FROM outbox")
        found += [str(row[0]) for row in rows]
    return found


async def stored(outside: Outside, service: str) -> list[str]:
    """Return every row of every table of a service."""
    tables = await outside.rows(service, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = []
    for (table,) in tables:
        rows = await outside.rows(service, f'SELECT to_jsonb(t)::text FROM "{table}" t')
        found += [f"{table}: {row[0]}" for row in rows]
    return found


async def live_a_day(stack: Stack, outside: Outside, answers: list[str]) -> str:
    """Buy, fail, pay, ship, cancel and look at everything; return the code of the wallet order."""
    await stack.deliver(SKU, 4)
    async with overheard(stack, answers) as page, overheard(stack, answers) as desk:
        shopper, staff = Shopper(page), Staff(desk)
        await staff.log_in()
        await shopper.put_in_cart(SKU)
        wallet = await shopper.order_by_amazon(AmazonChoice(account="hanako.sato@example.jp"), register=True)
        await shopper.put_in_cart(SKU)
        declined = await shopper.order_by_amazon(AmazonChoice(instrument="承認されないカード"))
        await shopper.put_in_cart(SKU)
        konbini = await shopper.order_by_form("konbini", chain="lawson")
        await settled(outside)

        await page.open(f"/orders/{konbini}")
        number = re.search(r"支払い番号 (\d{11})\b", page.text)
        assert number, page.text
        async with Browser(stack.simulator_urls["konbini"]) as till:
            await KonbiniRegister(till).pay(number[1])
        await staff.ship(wallet)
        await settled(outside)
        await staff.cancel(konbini, "お客様のご都合")
        await settled(outside)
        for code in (wallet, declined, konbini):
            for address in ("/orders/{}", "/notifications/orders/{}"):
                await page.open(address.format(code))
            for address in ("/desk/orders/{}", "/api/checkout/desk/orders/{}", "/desk/mails?q={}"):
                await desk.open(address.format(code))
        for address in ("/members/mypage", "/orders"):
            await page.open(address)
        for address in ("/desk/members", "/desk/orders?tab=all&size=100", "/desk/mails"):
            await desk.open(address)
    return wallet


@pytest.mark.feature("AP-42")
async def test_no_card_number_or_providers_secret_leaves_payments(stack: Stack, outside: Outside) -> None:
    answers: list[str] = []
    wallet = await live_a_day(stack, outside, answers)

    places = {"messages": await messages(outside), "answers": answers}
    for service in OTHERS:
        places[f"rows of {service}"] = await stored(outside, service)
        places[f"log of {service}"] = (stack.site.logs / f"{service}.log").read_text().splitlines()

    assert any("****1111" in text and wallet in text for text in places["messages"]), (
        "the masked tail is told"
    )
    assert all(places.values()), f"looked at nothing: {[name for name in places if not places[name]]}"
    secrets = secrets_of(stack)
    leaks = [
        (place, found, text[:300])
        for place, texts in places.items()
        for text in texts
        if (found := card_numbers(text) + secrets_in(text, secrets))
    ]
    assert leaks == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"card": "4111111111111111"}', 1),
        ("4111 1111 1111 1111", 1),
        ("5555-5555-5555-4444", 1),
        ("378282246310005", 1),
        ("4111111111111112", 0),
        ("Visa ****1111", 0),
        ("N261128-1D19-X4X2CG56 09012345678 2026-11-28T12:48:43.123456", 0),
        ("01a22044-57ce-760d-b473-74f91a59c45f", 0),
    ],
)
def test_the_search_finds_a_card_number_and_nothing_else(text: str, found: int) -> None:
    assert len(card_numbers(text)) == found


def test_the_search_finds_a_secret_in_an_authorization_header() -> None:
    secrets = {"konbini": "s3cret-of-the-shop"}
    header = base64.b64encode(b"s3cret-of-the-shop").decode()
    assert secrets_in(f"Authorization: Basic {header}", secrets) == ["konbini"]
    assert secrets_in('{"secret": "s3cret-of-the-shop"}', secrets) == ["konbini"]
    assert secrets_in("s3cret-of-the-shop-window", secrets) == []
