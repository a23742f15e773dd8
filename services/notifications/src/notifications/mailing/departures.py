"""Reads what decides whether mails may leave: their orders, and the mails their addresses got lately."""

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
class Lately:
    """The mails of one lane that an address got lately: how many, and when the oldest of them was handed over."""

    sent: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether a mail may leave. ``cancelled``: its order was; ``behind``: a mail about the same order that
    goes before it has not left yet; ``replaced``: there is a later one like it about the same order.

    ``changed`` is what is not as the event of a mail to be told again said it, ``placed`` its order as JSON.
    """

    cancelled: bool
    lately: Lately
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
    """Return what there is to know of claimed mails; of each address and lane the latest ``most`` mails count.

    ``after`` names the mail that goes before one of a kind, ``replacing`` the kinds of which only the last one leaves.
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
            Lately(row.sent, row.oldest_at),
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
    """A claimed mail that does not leave: until ``until``, or never where that is None; ``reason`` says why."""

    mail_id: UUID
    reason: str
    until: datetime | None


async def hold_back(tx: Tx, held: Sequence[Held], *, at: datetime) -> None:
    """End our claims on mails that do not leave now; it was no try."""
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
