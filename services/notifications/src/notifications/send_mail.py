"""Due work: hand queued mails to the mail server, each at least once and with one Message-ID (N1).

The try is on disk, with the claim, before the server hears of it, and its answer after; each for many mails in
one transaction, so those that end at about the same time wait for each other. Whoever dies in between leaves mails
whose lease runs out; they are sent again with the same Message-ID, which mail programs show once.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from notifications.domain.mail import Accepted, Answer, RefusedByServer, Verdict, judge
from notifications.message import Letter, MailMalformed, build
from notifications.storage.mails import SENDING, Outcome, Try, end_tries, start_tries
from notifications.storage.tables import mails as mails_table
from notifications.templates import Mails
from shared.clock import now
from shared.crash import crash_point
from shared.database import Tx
from shared.due import DueWork
from shared.events import Event, MailSent, MailSuppressed
from shared.sql import Row

log = structlog.get_logger()

# How long a mail waits whose worker died. A conversation with a slow server may take longer: its worker
# prolongs the lease. One that stands still for this long may find its mail sent a second time by another.
LEASE = timedelta(seconds=20)
# How long the outcome of a mail waits for those of the others in hand, to be written down with them.
LINGER_SECONDS = 0.2


class Server(Protocol):
    """What takes mails."""

    async def send(self, recipient: str, raw: bytes) -> Answer:
        """Hand a mail over and tell what became of it."""


class Company:
    """Lets those who are done wait for those who are still under way, at most ``linger_seconds``."""

    def __init__(self, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._under_way = 0
        self._departure = asyncio.Event()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Be one for whom others wait, until the block ends."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._depart()

    async def gather(self) -> None:
        """Go on together with all who are done too: once nobody is under way, or the time is up."""
        if not self._under_way:
            return
        departure = self._departure
        try:
            async with asyncio.timeout(self._linger_seconds):
                await departure.wait()
        except TimeoutError:
            if departure is self._departure:
                self._depart()

    def _depart(self) -> None:
        self._departure.set()
        self._departure = asyncio.Event()


class MailSending:
    """Sends claimed mails. ``sender`` is the From header, ``Shop name <shop@example.jp>``."""

    def __init__(self, server: Server, mails: Mails, *, sender: str) -> None:
        self._server = server
        self._mails = mails
        self._sender = sender
        self._company = Company(LINGER_SECONDS)

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return the due work that has up to ``concurrency`` mails in hand."""
        return DueWork(
            SENDING,
            mails_table,
            self.send,
            begin=begin_tries,
            conclude=conclude_tries,
            concurrency=concurrency,
            lease_seconds=int(LEASE.total_seconds()),
            prolong=True,
        )

    async def send(self, tried: Try) -> Outcome:
        """Hand the mail over and return what came of it."""
        with self._company.under_way():
            answer = await self._hand_over(tried)
        if isinstance(answer, Accepted):
            crash_point("K13")
        row, at = tried.mail, now()
        verdict = judge(answer, attempts=row.attempts, first_tried_at=tried.first_tried_at, at=at)
        log.info(
            f"mail.{verdict.state}",
            mail=row.mail,
            mail_id=str(row.mail_id),
            correlation=row.order_code,
            attempt=tried.number,
            answer=answer.answer[:200],
        )
        await self._company.gather()
        return Outcome(answer, verdict, at)

    async def _hand_over(self, tried: Try) -> Answer:
        row = tried.mail
        try:
            raw = build(letter_of(row, self._mails, sender=self._sender, at=tried.first_tried_at))
        except MailMalformed as error:
            log.exception("mail.malformed", mail=row.mail, mail_id=str(row.mail_id))
            return RefusedByServer(f"not sent: {error}", 500)
        return await self._server.send(row.recipient, raw)


async def begin_tries(tx: Tx, rows: Sequence[Row]) -> list[Try]:
    """Note, with the claim, that the mails are being sent."""
    return await start_tries(tx, rows, at=now())


async def conclude_tries(tx: Tx, ended: Sequence[tuple[Try, Outcome]]) -> None:
    """Write down what came of the tries, and say it; not of those that another worker has taken over."""
    ours = await end_tries(tx, ended)
    for tried, outcome in ended:
        if tried.mail.mail_id in ours:
            tx.say(*_news(tried.mail, outcome.verdict))


def letter_of(row: Row, mails: Mails, *, sender: str, at: datetime) -> Letter:
    """Return the mail of a row as it is sent; ``at`` is its first try, so that every copy is the same."""
    return Letter(
        sender=sender,
        recipient=row.recipient,
        subject=row.subject,
        text=row.text,
        html=mails.html(row.subject, row.text),
        message_id=row.message_id,
        at=at,
    )


def _news(row: Row, verdict: Verdict) -> list[Event]:
    about = {
        "mail_id": row.mail_id,
        "mail": row.mail,
        "order_code": row.order_code,
        "member_id": row.member_id,
        "caused_by": row.event_id,
    }
    match verdict.state:
        case "sent":
            return [MailSent(subject=row.subject, **about)]
        case "refused":
            return [MailSuppressed(reason="refused_by_server", **about)]
        case "gave_up":
            return [MailSuppressed(reason="not_accepted_in_time", **about)]
        case _:
            return []
