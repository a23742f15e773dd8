"""Reads the facts that decide whether mails may be sent: their orders, and recent mails to the same addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from notifications.mailing.pacing import WINDOW
from notifications.mailing.rows import StoredMail
from shared.database.transactions import Tx
from shared.text.mail_address import COUNTED_MAIL

NONE_FIRST: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RecentMails:
    """The recent mails of one lane to an address: their number, and when the server got the oldest."""

    sent: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The facts that decide whether a mail may be sent.

    ``cancelled`` means that its order was cancelled. ``behind`` means that another mail about the same order goes first
    and was not sent yet. ``changed`` contains the values that differ from the event of a mail that is rendered again.
    ``placed`` is its order as JSON. ``replaced`` means that a later mail of its kind about the same order exists.
    """

    cancelled: bool
    recent: RecentMails
    changed: Mapping[str, object] | None = None
    placed: str | None = None
    behind: bool = False
    replaced: bool = False


async def circumstances_of(
    tx: Tx,
    mails: Sequence[StoredMail],
    *,
    most: int,
    at: datetime,
    after: Mapping[str, str] = NONE_FIRST,
    replacing: Sequence[str] = (),
) -> dict[UUID, Circumstances]:
    """Return the circumstances of claimed mails. At most the latest ``most`` mails of each address and lane count.

    ``after`` maps a kind of mail to the kind that goes first. ``replacing`` are the kinds of which only the last is sent.
    """
    found = await tx.rows(
        _CIRCUMSTANCES,
        ids=[mail.mail_id for mail in mails],
        since=at - WINDOW,
        most=most,
        kinds=list(after),
        firsts=list(after.values()),
        replacing=list(replacing),
    )
    return {
        row.mail_id: Circumstances(
            row.cancelled,
            RecentMails(row.sent, row.oldest_at),
            row.ended_money,
            row.placed,
            row.behind,
            row.replaced,
        )
        for row in found
    }


_CIRCUMSTANCES = f"""
SELECT m.mail_id, c.cancelled_at IS NOT NULL AS cancelled, lately.sent, lately.oldest_at,
    CASE WHEN m.told IS NOT NULL THEN c.ended_money END AS ended_money,
    CASE WHEN m.told IS NOT NULL AND c.ended_money IS NOT NULL THEN CAST(c.placed AS text) END AS placed,
    m.mail = ANY(CAST(:kinds AS text[])) AND EXISTS (
        SELECT FROM mails AS first
        JOIN unnest(CAST(:kinds AS text[]), CAST(:firsts AS text[])) AS f(kind, goes_first)
            ON f.kind = m.mail AND f.goes_first = first.mail
        WHERE first.order_code = m.order_code AND first.state IN ('queued', 'sending')
    ) AS behind,
    m.mail = ANY(CAST(:replacing AS text[])) AND EXISTS (
        SELECT FROM mails AS later WHERE later.order_code = m.order_code AND later.mail = m.mail
        AND later.created_at > m.created_at AND later.state IN ('queued', 'sending', 'sent')
    ) AS replaced
FROM mails AS m LEFT JOIN contacts AS c ON c.order_code = m.order_code
CROSS JOIN LATERAL (
    SELECT count(*) AS sent, min(tried_at) AS oldest_at FROM (
        SELECT first_tried_at AS tried_at FROM mails AS other
        WHERE {COUNTED_MAIL.format(column="other.recipient")} = {COUNTED_MAIL.format(column="m.recipient")}
        AND other.first_tried_at > :since
        AND other.lane = m.lane
        ORDER BY first_tried_at DESC LIMIT :most
    ) AS mails_of_address
) AS lately
WHERE m.mail_id = ANY(CAST(:ids AS uuid[]))
"""  # noqa: S608 - our own expression


@dataclass(frozen=True, slots=True)
class Held:
    """A claimed mail that is not sent now.

    It waits until ``until``, or is never sent if that is None. ``reason`` says why.
    """

    mail_id: UUID
    reason: str
    until: datetime | None


async def hold_back(tx: Tx, held: Sequence[Held], *, at: datetime) -> None:
    """Release the claims on mails that are not sent now. This does not count as a try."""
    await tx.execute(
        "UPDATE mails AS m SET state = CASE WHEN h.until IS NULL THEN 'suppressed' ELSE 'queued' END,"
        " due_at = h.until, reason = h.reason, attempts = m.attempts - 1, leased_until = NULL, lease = NULL,"
        " ended_at = CASE WHEN h.until IS NULL THEN CAST(:at AS timestamptz) END"
        " FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[]), CAST(:untils AS timestamptz[]))"
        " AS h(mail_id, reason, until) WHERE m.mail_id = h.mail_id",
        ids=[one.mail_id for one in held],
        reasons=[one.reason for one in held],
        untils=[one.until for one in held],
        at=at,
    )
