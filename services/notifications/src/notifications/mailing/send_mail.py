"""Due work: hand queued mails to the mail server, each at least once and with one Message-ID (N1).

One transaction stores the tries and claims of many mails before the server gets them. Another stores the answers of
mails that end at about the same time. If a worker crashes in between, the lease of its mails expires. Another worker
sends them again with the same Message-ID, so that mail programs show them once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from notifications.mailing.delivery import Accepted, RefusedByServer, ServerAnswer, judge
from notifications.mailing.gate import Gate
from notifications.mailing.message import Letter, MailMalformed, build
from notifications.mailing.one_time_links import OneTimeLinks
from notifications.mailing.outcome_events import events_of
from notifications.mailing.pacing import Pace
from notifications.mailing.rows import StoredMail
from notifications.mailing.tables import mails as mails_table
from notifications.mailing.tries import SENDING, Try, TryOutcome, end_tries, start_tries
from notifications.mails.rendering import Mails, with_link
from notifications.mails.sender import Sender
from notifications.mails.typed import in_plain_text, shield
from shared.clock import now
from shared.crash import crash_point
from shared.database.transactions import Tx
from shared.due.work import DueWork
from shared.shop.statements import StatementInvalid

log = structlog.get_logger()

# The wait of a mail after its worker died. A conversation with a slow server may take longer, because its worker
# prolongs the lease. If a worker hangs for this time, another worker may send its mail a second time.
LEASE = timedelta(seconds=20)
# The wait of an outcome for those of other mails, so that they are stored together.
LINGER_SECONDS = 0.2


class Server(Protocol):
    """A server that accepts mails."""

    async def send(self, recipient: str, raw: bytes) -> ServerAnswer:
        """Send a mail and return the answer."""


class MailSending:
    """Sends claimed mails. ``links`` signs one-time links. Without it, mails with a link are refused."""

    def __init__(
        self,
        server: Server,
        mails: Mails,
        *,
        sender: Sender,
        pace: Pace | None = None,
        links: OneTimeLinks | None = None,
    ) -> None:
        self._server = server
        self._mails = mails
        self._sender = sender
        self._gate = Gate(mails, pace or Pace())
        self._links = links

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return the due work, which processes up to ``concurrency`` mails at once."""
        return DueWork(
            SENDING,
            mails_table,
            self.send,
            begin=self.begin,
            conclude=conclude_mails,
            concurrency=concurrency,
            lease_seconds=int(LEASE.total_seconds()),
            linger_seconds=LINGER_SECONDS,
            prolong=True,
            cause=lambda tried: tried.cause,
            kind=StoredMail,
        )

    async def begin(self, tx: Tx, mails: Sequence[StoredMail]) -> list[Try]:
        """Store, with the claim, that the tries begin. Mails that are not sent after all are left out."""
        at = now()
        await self._mails.known_shop.refresh_in(tx)
        going = await self._gate.admit(tx, mails, at=at)
        return await start_tries(tx, going, at=at) if going else []

    async def send(self, tried: Try) -> TryOutcome:
        """Send the mail and return the answer."""
        answer = await self._hand_over(tried)
        if isinstance(answer, Accepted):
            crash_point("K13")
        mail, at = tried.mail, now()
        verdict = judge(answer, attempts=mail.attempts, first_tried_at=tried.first_tried_at, at=at)
        log.info(
            f"mail.{verdict.state}",
            mail=mail.mail,
            mail_id=str(mail.mail_id),
            correlation=mail.order_code,
            attempt=tried.number,
            answer=answer.answer[:200],
        )
        return TryOutcome(answer, verdict, at)

    async def _hand_over(self, tried: Try) -> ServerAnswer:
        mail = tried.mail
        try:
            link = self._link_of(mail)
            raw = build(letter_of(mail, self._mails, sender=self._sender, at=tried.first_tried_at, link=link))
        except (MailMalformed, StatementInvalid) as error:
            log.exception("mail.malformed", mail=mail.mail, mail_id=str(mail.mail_id))
            return RefusedByServer(f"not sent: {error}", 500)
        return await self._server.send(mail.recipient, raw)

    def _link_of(self, mail: StoredMail) -> str:
        if mail.link is None:
            return ""
        if self._links is None:
            raise MailMalformed("SIGNING_KEY_FILE is not set, so no one-time link can be made")
        return self._links.sign(mail.link)


async def conclude_mails(tx: Tx, ended: Sequence[tuple[Try, TryOutcome]]) -> None:
    """Store the outcomes of the tries and publish them. Mails that another worker has claimed are left out."""
    ours = await end_tries(tx, ended)
    for tried, outcome in ended:
        if tried.mail.mail_id in ours:
            tx.say(*events_of(tried.mail, outcome.verdict))


def letter_of(mail: StoredMail, mails: Mails, *, sender: Sender, at: datetime, link: str = "") -> Letter:
    """Return the mail for sending. ``at`` is the time of its first try, so that every copy is the same.

    A ``sender`` without a name has that of the shop.

    ``link`` is its one-time link. Without it, the letter mentions a link but does not show it.
    """
    shielded = shield(mail.text, mail.typed)
    text = with_link(shielded, link) if link else shielded
    return Letter(
        sender=sender.named(mails.shop.name),
        recipient=mail.recipient,
        subject=mail.subject,
        text=in_plain_text(text),
        html=mails.html(mail.subject, text, mail.language),
        message_id=mail.message_id,
        at=at,
        language=mail.language,
    )
