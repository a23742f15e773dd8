"""Due work: hand queued mails to the mail server, each at least once and with one Message-ID (N1).

The try is on disk before the server hears of it, and its answer after. Whoever dies in between leaves a mail
whose lease runs out; it is sent again with the same Message-ID, which mail programs show once.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Row

from notifications.domain.mail import Accepted, Answer, RefusedByServer, Verdict, judge
from notifications.message import Letter, MailMalformed, build
from notifications.storage.mails import SENDING, end_try, start_try
from notifications.storage.tables import mails as mails_table
from notifications.templates import Mails
from shared.clock import now
from shared.crash import crash_point
from shared.database import Database
from shared.due import DueWork, strike_off
from shared.events import Event, MailSent, MailSuppressed

log = structlog.get_logger()

# How long a mail waits whose worker died. A conversation with a slow server may take longer: its worker
# prolongs the lease. One that stands still for this long may find its mail sent a second time by another.
LEASE = timedelta(seconds=20)


class Server(Protocol):
    """What takes mails."""

    async def send(self, recipient: str, raw: bytes) -> Answer:
        """Hand a mail over and tell what became of it."""


class MailSending:
    """Sends one claimed mail. ``sender`` is the From header, ``Shop name <shop@example.jp>``."""

    def __init__(self, db: Database, server: Server, mails: Mails, *, sender: str) -> None:
        self._db = db
        self._server = server
        self._mails = mails
        self._sender = sender

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return the due work that sends up to ``concurrency`` mails at once."""
        return DueWork(
            SENDING,
            mails_table,
            self.send,
            concurrency=concurrency,
            lease_seconds=int(LEASE.total_seconds()),
            prolong=True,
        )

    async def send(self, row: Row[Any]) -> None:
        """Send the claimed mail and write down what came of it."""
        async with self._db.transaction() as tx:
            begun = await start_try(tx, row, at=now())
        if begun is None:
            return
        number, first_tried_at = begun
        answer = await self._hand_over(row, first_tried_at)
        if isinstance(answer, Accepted):
            crash_point("K13")
        at = now()
        verdict = judge(answer, attempts=row.attempts, first_tried_at=first_tried_at, at=at)
        async with self._db.transaction() as tx:
            if not await strike_off(tx, mails_table, row.mail_id, row.lease, due_at=verdict.due_at):
                return
            await end_try(tx, row.mail_id, number, answer, verdict, at=at)
            tx.say(*_news(row, verdict))
        log.info(
            f"mail.{verdict.state}",
            mail=row.mail,
            mail_id=str(row.mail_id),
            correlation=row.order_code,
            attempt=number,
            answer=answer.answer[:200],
        )

    async def _hand_over(self, row: Row[Any], first_tried_at: datetime) -> Answer:
        try:
            raw = build(letter_of(row, self._mails, sender=self._sender, at=first_tried_at))
        except MailMalformed as error:
            log.exception("mail.malformed", mail=row.mail, mail_id=str(row.mail_id))
            return RefusedByServer(f"not sent: {error}", 500)
        return await self._server.send(row.recipient, raw)


def letter_of(row: Row[Any], mails: Mails, *, sender: str, at: datetime) -> Letter:
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


def _news(row: Row[Any], verdict: Verdict) -> list[Event]:
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
