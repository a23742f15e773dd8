"""What a test does with the members service, and what it may look at."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from harness.hearing import Hearing, said
from harness.keys import Keys
from members.accounts.hasher import PasswordHasher
from members.consumers import consumers
from members.points.rows import balance_of
from members.points.rules import Balance
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rows import rules_at
from members.shop_rules.rules import Rules
from members.staff.add_staff import add_staff
from shared.clock import now
from shared.database.transactions import Database
from shared.events import Event
from shared.ids import new_id
from shared.shop.settings.change_settings import change

ORIGIN = "http://noren.test"
PASSWORD = "aoi-noren-7"


class MembersService:
    """What a test does with members, and what it may look at."""

    def __init__(self, db: Database, keys: Keys, app: FastAPI, hasher: PasswordHasher) -> None:
        self.db, self.keys, self.app, self.hasher = db, keys, app, hasher
        self._hearing = Hearing(consumers, db)

    async def hears(self, *events: Event, times: int = 1) -> None:
        """Bring events to the service."""
        await self._hearing.hears(*events, times=times)

    async def said(self, *kinds: type[Event]) -> list[Any]:
        """Return what the service said, of these kinds or of all."""
        return [event for event in await said(self.db) if not kinds or isinstance(event, kinds)]

    async def register(self, email: str = "aya@example.jp", **values: Any) -> UUID:
        """Register a member whose password is PASSWORD and whose address is proved; return the id."""
        member_id = values.pop("member_id", None) or new_id()
        at = now()
        new = NewMember(
            member_id=member_id,
            name=values.pop("name", "綾瀬 あや"),
            kana=values.pop("kana", "アヤセ アヤ"),
            email=email,
            **{"password_hash": await self.hasher.hash(PASSWORD), "email_proved": True, **values},
        )
        async with self.db.transaction() as tx:
            await register_member(tx, new, rules=await rules_at(tx, at), via="form", at=at)
        return member_id

    async def staff(self, email: str = "desk@noren.example", role: str = "owner") -> None:
        """Make a staff account whose password is PASSWORD."""
        await add_staff(self.db, self.hasher, email=email, name="店長", role=role, password=PASSWORD)

    async def rule(self, **changes: Any) -> None:
        """Change the rules from now on."""
        async with self.db.transaction() as tx:
            rules = await rules_at(tx, now())
            await change(tx, rules.model_copy(update=changes), at=now(), by="試験")

    async def rules(self) -> Rules:
        """Return the rules in force."""
        async with self.db.transaction() as tx:
            return await rules_at(tx, now())

    async def balance(self, member_id: UUID) -> Balance:
        """Return the cached balance of a member."""
        async with self.db.transaction() as tx:
            return await balance_of(tx, member_id)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """Look into the tables."""
        async with self.db.transaction() as tx:
            return list(await tx.rows(sql, **values))

    @asynccontextmanager
    async def browser(self, ip: str = "192.0.2.10") -> AsyncIterator[httpx.AsyncClient]:
        """A browser: keeps cookies, sends Origin, does not follow redirects by itself."""
        transport = httpx.ASGITransport(self.app, client=(ip, 4711))
        headers = {"origin": ORIGIN, "accept": "text/html", "user-agent": "Mozilla/5.0 (iPhone) Safari/605"}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
            yield client

    async def log_in(
        self, browser: httpx.AsyncClient, email: str = "aya@example.jp", **more: str
    ) -> httpx.Response:
        """Send the login form."""
        return await browser.post("/members/login", data={"email": email, "password": PASSWORD, **more})

    def carry_wallet(
        self,
        browser: httpx.AsyncClient,
        *,
        buyer_id: str = "amzn1.account.AYA",
        email: str = "aya@example.jp",
        ordering: bool = False,
        issuer: str = "payments",
        under: UUID | None = None,
    ) -> None:
        """Put payments' wallet statement into a browser, as its return page does after Amazon's login.

        ``under`` is the member who was logged in there.
        """
        claims: dict[str, Any] = {
            "kind": "amazon_pay",
            "label": "Amazon",
            "checkout_session_id": "cs-1" if ordering else None,
            "buyer_id": buyer_id,
            "name": "綾瀬 あや",
            "email": email,
            "addresses": [],
            **({"member_id": str(under)} if under is not None else {}),
        }
        statement = self.keys.issuers[issuer].issue("wallet", claims, valid_for=timedelta(minutes=30))
        browser.cookies.set("noren_wallet", statement)

    async def confirm_arrival(
        self, browser: httpx.AsyncClient, path: str, password: str = PASSWORD
    ) -> httpx.Response:
        """Open an arrival and agree on the page that asks, if it asks, with the present password."""
        page = await browser.get(path)
        fields = dict(re.findall(r'type="hidden" name="(next|shown)" value="([^"]*)"', page.text))
        if "shown" not in fields:
            return page
        return await browser.post("/members/amazon/arrive", data=fields | {"password": password})

    def session_claims(self, browser: httpx.AsyncClient) -> dict[str, Any]:
        """Return what the browser's session statement says."""
        claims: dict[str, Any] = self.keys.verifier.verify("session", browser.cookies["noren_session"])
        return claims


async def at_desk(members: MembersService, browser: httpx.AsyncClient, role: str = "owner") -> None:
    """Make a staff account and log in with it."""
    await members.staff(role=role)
    answer = await browser.post("/desk/login", data={"email": "desk@noren.example", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
