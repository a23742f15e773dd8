"""The tries to send a mail. Each is stored before the server gets the mail, and its outcome after the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.mailing.delivery import ServerAnswer, Verdict
from notifications.mailing.rows import StoredMail
from notifications.mailing.store_mails import cause_of
from shared.cause import Cause
from shared.database.transactions import Tx

SENDING = "send_mail"
"""The due work that sends queued mails."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that has begun: its claimed mail, its number, and the time of the first try."""

    mail: StoredMail
    number: int
    first_tried_at: datetime

    @property
    def cause(self) -> Cause:
        """Return the event that the mail is about."""
        return cause_of(self.mail)


async def start_tries(tx: Tx, mails: Sequence[StoredMail], *, at: datetime) -> list[Try]:
    """Store that a try of each mail begins. ``mails`` must be claimed in this transaction."""
    begun = await tx.rows(
        "WITH begun AS (UPDATE mails SET state = 'sending', reason = NULL,"
        " first_tried_at = coalesce(first_tried_at, CAST(:at AS timestamptz))"
        " WHERE mail_id = ANY(CAST(:ids AS uuid[])) RETURNING mail_id)"
        " INSERT INTO mail_attempts (mail_id, number, started_at)"
        " SELECT mail_id, 1 + (SELECT coalesce(max(number), 0) FROM mail_attempts AS a"
        " WHERE a.mail_id = begun.mail_id), CAST(:at AS timestamptz) FROM begun RETURNING mail_id, number",
        ids=[mail.mail_id for mail in mails],
        at=at,
    )
    numbers = {row.mail_id: row.number for row in begun}
    return [Try(mail, numbers[mail.mail_id], mail.first_tried_at or at) for mail in mails]


@dataclass(frozen=True, slots=True)
class TryOutcome:
    """The answer of the server to a try, the verdict on the mail, and the time."""

    answer: ServerAnswer
    verdict: Verdict
    at: datetime


async def end_tries(tx: Tx, ended: Sequence[tuple[Try, TryOutcome]]) -> set[UUID]:
    """Store the outcome of each try and the new state of its mail, and release the claim on it.

    Returns the mails whose claim was still valid. Nothing is written for the others.
    """
    ours = await tx.rows(
        _END_TRIES,
        mail_ids=[tried.mail.mail_id for tried, _ in ended],
        leases=[tried.mail.lease for tried, _ in ended],
        numbers=[tried.number for tried, _ in ended],
        states=[outcome.verdict.state for _, outcome in ended],
        due=[outcome.verdict.due_at for _, outcome in ended],
        at=[outcome.at for _, outcome in ended],
        outcomes=[type(outcome.answer).__name__ for _, outcome in ended],
        codes=[getattr(outcome.answer, "code", None) for _, outcome in ended],
        answers=[outcome.answer.answer[:500] for _, outcome in ended],
    )
    return {row.mail_id for row in ours}


_END_TRIES = """
WITH ended AS (
    SELECT * FROM unnest(
        CAST(:mail_ids AS uuid[]), CAST(:leases AS uuid[]), CAST(:numbers AS integer[]), CAST(:states AS text[]),
        CAST(:due AS timestamptz[]), CAST(:at AS timestamptz[]), CAST(:outcomes AS text[]),
        CAST(:codes AS integer[]), CAST(:answers AS text[])
    ) AS e(mail_id, lease, number, state, due_at, at, outcome, code, answer)
), ours AS (
    UPDATE mails AS m SET state = e.state, due_at = e.due_at, ended_at = CASE WHEN e.due_at IS NULL THEN e.at END,
        leased_until = NULL, lease = NULL
    FROM ended AS e WHERE m.mail_id = e.mail_id AND m.lease = e.lease RETURNING e.*
)
UPDATE mail_attempts AS a SET ended_at = o.at, outcome = o.outcome, code = o.code, answer = o.answer
FROM ours AS o WHERE a.mail_id = o.mail_id AND a.number = o.number RETURNING a.mail_id
"""
