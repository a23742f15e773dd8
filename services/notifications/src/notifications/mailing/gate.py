"""Checks a mail just before it is sent: cancelled orders, expired links, limits, changed facts.

A mail is never sent if it asks for money of a cancelled order or its one-time link has expired. A mail above the limit
of its address waits. A mail whose facts changed is rendered again. The reason is stored with the mail. For a mail that
is never sent an event is published.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from notifications.mailing.circumstances import Circumstances, Held, circumstances_of, hold_back
from notifications.mailing.outcome_events import suppressed
from notifications.mailing.pacing import Drop, GateDecision, Go, Pace, Wait, pace
from notifications.mailing.render_again import render_again
from notifications.mailing.rows import StoredMail
from notifications.mails.rendering import Mails
from shared.database.transactions import Tx
from shared.events import MailSuppressed
from shared.text.mail_address import counted_mail

BEHIND = "behind"
"""The reason of a mail that waits for another mail about the same order."""
LOOK_AGAIN = timedelta(seconds=2)
BEHIND_MAX = timedelta(hours=1)
"""The longest wait for the other mail. Staff may delay that mail by a day, but a refund must be reported sooner."""


@dataclass(frozen=True)
class Gate:
    """Decides which claimed mails are sent now."""

    mails: Mails
    pace: Pace

    async def admit(self, tx: Tx, mails: Sequence[StoredMail], *, at: datetime) -> list[StoredMail]:
        """Return the claimed ``mails`` that are sent now. Release the claims on the others.

        Workers that claim at the same time may exceed the limit of an address by a few mails.
        """
        known = await circumstances_of(
            tx,
            mails,
            most=max(self.pace.order, self.pace.account, 1),
            at=at,
            after=self._after,
            replacing=self._replacing,
        )
        going: list[StoredMail] = []
        held: list[Held] = []
        dropped: list[MailSuppressed] = []
        more: Counter[tuple[str, str]] = Counter()
        for mail in sorted(mails, key=lambda mail: mail.created_at):
            key = (counted_mail(mail.recipient), mail.lane)
            match self._decide(mail, known[mail.mail_id], more[key], at):
                case Go():
                    more[key] += mail.first_tried_at is None
                    going.append(mail)
                case Wait(until, reason):
                    held.append(Held(mail.mail_id, reason, until))
                case Drop(reason):
                    held.append(Held(mail.mail_id, reason, None))
                    dropped.append(suppressed(mail, reason))
        if held:
            await hold_back(tx, held, at=at)
            tx.say(*dropped)
        return await render_again(tx, self.mails, going, known)

    @cached_property
    def _after(self) -> dict[str, str]:
        return {kind.name: kind.after for kind in self.mails.kinds.values() if kind.after}

    @cached_property
    def _replacing(self) -> list[str]:
        return [kind.name for kind in self.mails.kinds.values() if kind.head.replaces_earlier]

    def _decide(self, mail: StoredMail, known: Circumstances, more: int, at: datetime) -> GateDecision:
        kind = self.mails.kinds.get(mail.mail)
        if known.cancelled and kind is not None and kind.head.until_cancelled:
            return Drop("order_cancelled")
        link_ends_at = datetime.fromisoformat(mail.link["expires_at"]) if mail.link is not None else None
        if link_ends_at is not None and link_ends_at <= at:
            return Drop("link_expired")
        if mail.first_tried_at is not None:
            return Go()
        if known.replaced:
            return Drop("replaced")
        if known.behind and at < mail.created_at + BEHIND_MAX:
            return Wait(at + LOOK_AGAIN, BEHIND)
        return pace(
            known.recent.sent + more,
            per_hour=self.pace.of(mail.lane),
            oldest_at=known.recent.oldest_at,
            created_at=mail.created_at,
            at=at,
            link_ends_at=link_ends_at,
        )
