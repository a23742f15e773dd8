"""Notifications as a whole, driven by hand: it hears events, and its sender does what is due."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.mail_sink import Copy, MailSink
from notifications.consumers import consumers
from notifications.mailing.one_time_links import OneTimeLinks
from notifications.mailing.pacing import Pace
from notifications.mailing.rows import StoredMail
from notifications.mailing.send_mail import MailSending, conclude_mails
from notifications.mailing.smtp import MailServer
from notifications.mailing.tables import mails as mails_table
from notifications.mails.desk import Desk
from notifications.mails.rendering import Mails, Shop
from notifications.mails.sender import Sender
from notifications.pages import page_installer
from notifications.previews.examples import example_order
from shared.clock import clock, now
from shared.database.transactions import Database
from shared.due.rows import claim_due
from shared.events import Event, OrderPlaced
from shared.ids import new_id
from shared.shop.revocations import RevokedSessions

SHOP = Shop(name="のれん商店", url="http://127.0.0.1:8080", mail="shop@noren.example")
SENDER = Sender("のれん商店", SHOP.mail)


@dataclass
class Post:
    """Notifications, driven by hand: it hears events, and its worker sends what is due."""

    db: Database
    sink: MailSink
    mails: Mails = field(default_factory=lambda: Mails(SHOP))
    smtp_timeout_seconds: float = 5
    # Most tests write to one address more often than any shop does.
    pace: Pace = field(default_factory=lambda: Pace(order=0, account=0))
    links: OneTimeLinks | None = None

    def __post_init__(self) -> None:
        self.hearing = Hearing(consumers, self.db, {Mails: self.mails})
        self.sending = self.sending_as(SENDER)

    def sending_as(self, sender: Sender) -> MailSending:
        """The sending of mails from ``sender``."""
        server = MailServer("127.0.0.1", self.sink.port, SHOP.mail, timeout_seconds=self.smtp_timeout_seconds)
        return MailSending(server, self.mails, sender=sender, pace=self.pace, links=self.links)

    async def hears(self, *events: Event, times: int = 1) -> None:
        """Bring events, each to all who listen."""
        await self.hearing.hears(*events, times=times)

    async def knows_an_order(self, **changes: Any) -> OrderPlaced:
        """Remember an order whose thanks mail is already out, and forget that mail."""
        order = example_order(**{"order_code": f"N-{new_id().hex[-10:]}", **changes})
        await self.hears(order)
        async with self.db.transaction() as tx:
            await tx.execute("DELETE FROM mails")
        return order

    async def sends(self, at_once: int = 100) -> int:
        """Do what is due now, as a worker would with ``at_once`` in hand; return how many mails were taken up."""
        async with self.db.transaction() as tx:
            rows = await claim_due(
                tx, mails_table, rows_max=at_once, at=now(), lease_seconds=90, kind=StoredMail
            )
            begun = await self.sending.begin(tx, rows) if rows else []
        ended = [(tried, await self.sending.send(tried)) for tried in begun]
        if ended:
            async with self.db.transaction() as tx:
                await conclude_mails(tx, ended)
        return len(rows)

    async def sends_after(self, pause: timedelta) -> int:
        """Move the clock and do what is due then."""
        clock.move(pause)
        return await self.sends()

    async def rows(self) -> list[Any]:
        """All mails, oldest first."""
        async with self.db.transaction() as tx:
            return list(await tx.rows("SELECT * FROM mails ORDER BY created_at"))

    async def said(self) -> list[Event]:
        """What notifications said."""
        return await said(self.db)

    @property
    def journal(self) -> list[Copy]:
        return self.sink.journal


STAFF_ID, SESSION_ID = new_id(), new_id()


def pages_of(post: Post, keys: Keys) -> FastAPI:
    """The pages of notifications over the same rows."""
    app = FastAPI()
    desk = Desk(post.mails, SENDER)
    install = page_installer(
        post.db, desk, keys.verifier, RevokedSessions(post.db), origin="http://noren.test", secure=False
    )
    install(app)
    return app


def browser(app: FastAPI, **cookies: str) -> httpx.AsyncClient:
    """A browser with these cookies on the pages of ``app``."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://noren.test",
        cookies=cookies,
        headers={"Origin": "http://noren.test", "Accept": "text/html"},
    )


def session(keys: Keys, **claims: object) -> str:
    """A session statement of members; without ``claims`` that of the shop's owner."""
    told = {"sub": str(STAFF_ID), "sid": str(SESSION_ID), "name": "店長", "staff": "owner", **claims}
    return keys.issuers["members"].issue("session", told, valid_for=timedelta(hours=1))
