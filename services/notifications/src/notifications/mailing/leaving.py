"""Checks a mail just before it is sent: cancelled orders, dead links, pace, changed facts.

A mail that asks for money of a cancelled order, or whose one-time link is dead, never leaves. One of too many to the
same address waits. One whose facts changed is written once more. All of it is kept with its reason, and what never
leaves is said.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from notifications.mailing.departures import Circumstances, Held, circumstances_of, hold_back
from notifications.mailing.news import suppressed
from notifications.mailing.pacing import Departure, Drop, Go, Pace, Wait, pace
from notifications.mailing.retell_mails import retell_mails
from notifications.mailing.rows import StoredMail
from notifications.mails.rendering import Mails
from shared.database.transactions import Tx
from shared.events import MailSuppressed
from shared.text.mail_address import counted_mail

BEHIND = "behind"
"""Why a mail waits that another one about the same order goes before."""
LOOK_AGAIN = timedelta(seconds=2)
BEHIND_MAX = timedelta(hours=1)
"""How long it waits for the other at most: a delay of staff may be a day, and money that went back is told sooner."""


@dataclass(frozen=True)
class Gate:
    """Lets claimed mails leave, or holds them back."""

    mails: Mails
    pace: Pace

    async def let_go(self, tx: Tx, mails: Sequence[StoredMail], *, at: datetime) -> list[StoredMail]:
        """Return those of the claimed ``mails`` that leave now; the claim on the others ends.

        Workers that claim at the same moment may let a few more go to one address.
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
        return await retell_mails(tx, self.mails, going, known)

    @cached_property
    def _after(self) -> dict[str, str]:
        return {kind.name: kind.after for kind in self.mails.kinds.values() if kind.after}

    @cached_property
    def _replacing(self) -> list[str]:
        return [kind.name for kind in self.mails.kinds.values() if kind.replaces_earlier]

    def _decide(self, mail: StoredMail, known: Circumstances, more: int, at: datetime) -> Departure:
        kind = self.mails.kinds.get(mail.mail)
        if known.cancelled and kind is not None and kind.until_cancelled:
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
            known.lately.sent + more,
            per_hour=self.pace.of(mail.lane),
            oldest_at=known.lately.oldest_at,
            created_at=mail.created_at,
            at=at,
            link_ends_at=link_ends_at,
        )
