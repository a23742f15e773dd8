"""Queries of notices: stored once, as they came, then due until somebody has acted on them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import func, select

from payments.notices.tables import notices
from payments.payment.rules.answers import Chargeback
from payments.payment.tables import payments
from payments.providers.provider import Notice
from payments.requests.stored_answers import is_storable
from shared.database.bulk import update_all
from shared.database.transactions import Tx
from shared.ids import new_id

NOTICE_WORK = "payment notices"
FOR_STAFF = ("unmatched", "unknown", "unreadable")
"""The states of notices that a person has to see."""
ID_LENGTH_MAX = 200
SUMMARY_LENGTH_MAX = 300
JOINED_FOR = timedelta(seconds=3)
"""How long a notice waits while an earlier one of its payment is open. They then share one look-up."""


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A claimed notice. ``refs`` are ids that only the notice has; ``alert`` is its chargeback, as JSON."""

    notice_key: UUID
    notice_id: str
    method: str
    reference: str
    refs: Mapping[str, str]
    alert: object | None
    known: bool
    attempts: int
    lease: UUID


Reference = tuple[str, str]
"""The name of a provider, and an id by which it knows a payment: one of ``refs``, or the payment's own id."""

_ALERT = TypeAdapter(Chargeback)
_BY_REFERENCE = """
    SELECT payment_id, method, provider_ids FROM payments
    WHERE provider_ids && CAST(:values AS text[]) OR payment_id = ANY(:ids) ORDER BY payment_id
"""
# When to act on a notice: immediately. While others with its reference wait, it waits for the same time.
_DUE_AT = """
    SELECT coalesce(min(due_at) FILTER (WHERE due_at > :at AND due_at <= :joined_at),
                    CASE WHEN count(*) = 0 THEN CAST(:at AS timestamptz) ELSE :joined_at END)
    FROM notices WHERE method = :method AND reference = :reference AND due_at IS NOT NULL
"""


# A notice that needs no look-up is never due. A chargeback is due immediately.
_INSERT = f"""
    INSERT INTO notices (notice_key, method, notice_id, reference, summary, refs, alert, known, body, state,
                         received_at, due_at)
    VALUES (:key, :method, :notice_id, :reference, :summary, CAST(:refs AS jsonb), CAST(:alert AS jsonb),
            :known, :body, :state, :at,
            CASE WHEN CAST(:state AS text) <> 'new' THEN NULL
                 WHEN CAST(:alert AS jsonb) IS NOT NULL THEN CAST(:at AS timestamptz)
                 ELSE ({_DUE_AT}) END)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - the text is ours


async def insert_notice(tx: Tx, provider: str, notice: Notice, body: bytes, at: datetime) -> bool:
    """Store a notice. Return False if the provider had sent it before. Parts that cannot be stored are left out."""
    about_payment = notice.reference is not None
    state = "new" if about_payment else "noted" if notice.known else "unknown"
    stored = await _insert(tx, provider, notice, body, state, at)
    if stored and about_payment:
        tx.wake(NOTICE_WORK)
    return stored


async def insert_unreadable(tx: Tx, provider: str, body: bytes, at: datetime) -> None:
    """Store an unreadable notice for staff. A repetition is stored once."""
    notice = Notice(_digest(body), None, "読み取れない通知")
    await _insert(tx, provider, notice, body, "unreadable", at)


async def sweep_notices(tx: Tx, payment_id: UUID, looked_up: Sequence[tuple[str, str, datetime]]) -> None:
    """Let one look-up answer every earlier notice of the payment, given by provider and reference."""
    await tx.execute(
        "UPDATE notices AS n SET state = CASE WHEN n.known THEN 'done' ELSE 'unknown' END, payment_id = :payment_id,"
        " due_at = NULL, leased_until = NULL, lease = NULL"
        " FROM unnest(CAST(:methods AS text[]), CAST(:references AS text[]), CAST(:began AS timestamptz[]))"
        " AS d(method, reference, began)"
        " WHERE n.method = d.method AND n.reference = d.reference AND n.received_at < d.began"
        " AND n.due_at IS NOT NULL AND n.alert IS NULL"
        # The look-up also asked about everything that the payment knows.
        " AND n.refs <@ (SELECT refs FROM payments WHERE payment_id = :payment_id)",
        payment_id=payment_id,
        methods=[provider for provider, _, _ in looked_up],
        references=[reference for _, reference, _ in looked_up],
        began=[began for _, _, began in looked_up],
    )


async def match_references(
    tx: Tx, references: Iterable[Reference], provider_name: Callable[[str], str]
) -> dict[Reference, UUID]:
    """Return the id of the payment of each reference. References without a payment are left out.

    ``provider_name`` returns the provider of a method. A reference belongs to a provider, whichever of its methods is
    used.
    """
    wanted = set(references)
    own_ids = {value: _as_id(value) for _, value in wanted}
    ids = [one for one in own_ids.values() if one is not None]
    matched: dict[Reference, UUID] = {}
    for row in await tx.rows(_BY_REFERENCE, values=list(own_ids), ids=ids):
        provider = provider_name(row.method)
        for value, own_id in own_ids.items():
            if (provider, value) in wanted and (value in row.provider_ids or own_id == row.payment_id):
                matched.setdefault((provider, value), row.payment_id)
    return matched


async def looked_at_now(tx: Tx, claimed: Sequence[ClaimedNotice]) -> set[tuple[str, str]]:
    """Return provider and reference of the ``claimed`` notices whose payment is looked up right now for others."""
    found = await tx.rows(
        "SELECT DISTINCT n.method, n.reference FROM notices AS n"
        " JOIN unnest(CAST(:methods AS text[]), CAST(:references AS text[])) AS d(method, reference)"
        " ON n.method = d.method AND n.reference = d.reference"
        " WHERE n.due_at IS NOT NULL AND n.leased_until > now() AND n.lease <> ALL(CAST(:leases AS uuid[]))",
        methods=[one.method for one in claimed],
        references=[one.reference for one in claimed],
        leases=list({one.lease for one in claimed}),
    )
    return {(row.method, row.reference) for row in found}


@dataclass(frozen=True, slots=True)
class NoticeForStaff:
    """A notice that a person has to see, with the code of its order, if there is one."""

    notice_key: UUID
    notice_id: str
    method: str
    reference: str | None
    summary: str
    body: bytes
    state: str
    received_at: datetime
    order_code: str | None


async def notices_for_staff(tx: Tx, *, limit: int, offset: int) -> tuple[list[NoticeForStaff], int]:
    """Return one page of the notices that a person has to see, newest first, and their total number."""
    where = notices.c.state.in_(FOR_STAFF)
    query = (
        select(*_FOR_STAFF, payments.c.order_code)
        .select_from(notices.outerjoin(payments, payments.c.payment_id == notices.c.payment_id))
        .where(where)
        .order_by(notices.c.received_at.desc(), notices.c.notice_key)
    )
    total = await tx.value(select(func.count()).select_from(notices).where(where))
    return await tx.read(NoticeForStaff, query.limit(limit).offset(offset)), int(total or 0)


_FOR_STAFF = [notices.c[field.name] for field in fields(NoticeForStaff) if field.name != "order_code"]


async def _insert(tx: Tx, provider: str, notice: Notice, body: bytes, state: str, at: datetime) -> bool:
    stored = await tx.execute(
        _INSERT,
        key=new_id(),
        method=provider,
        notice_id=_short(notice.notice_id),
        reference=notice.reference,
        summary=_shown(notice.summary),
        refs=orjson.dumps(dict(notice.refs)).decode(),
        alert=None if notice.alert is None else _ALERT.dump_json(notice.alert).decode(),
        known=notice.known,
        body=body,
        state=state,
        at=at,
        joined_at=at + JOINED_FOR,
    )
    return bool(stored)


def alert_of(notice: ClaimedNotice) -> Chargeback | None:
    """Return the chargeback that only the notice has, with the id of the notice. In another notice it is new."""
    if notice.alert is None:
        return None
    return replace(_ALERT.validate_python(notice.alert), notice_id=notice.notice_id)


def can_be_matched(notice: Notice) -> bool:
    """Return whether the ids by which a notice finds its payment can be stored."""
    ids = [notice.reference or "", *notice.refs, *notice.refs.values()]
    return is_storable(ids) and is_storable(notice.alert) and all(len(one) <= ID_LENGTH_MAX for one in ids)


def _short(notice_id: str) -> str:
    """Return an id that can be stored: the id itself, or its digest."""
    kept = is_storable(notice_id) and len(notice_id) <= ID_LENGTH_MAX
    return notice_id if kept else _digest(notice_id.encode("utf-8", "surrogatepass"))


def _digest(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def _shown(summary: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in summary[:SUMMARY_LENGTH_MAX])


async def note_notices(tx: Tx, state: str, became: Sequence[tuple[UUID, UUID | None]]) -> None:
    """Store the new ``state`` of notices, given with their payments."""
    rows = [
        {"notice_key": notice_key, "state": state, "payment_id": payment_id}
        for notice_key, payment_id in became
    ]
    await update_all(tx, notices, rows, key="notice_key")


def _as_id(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None
