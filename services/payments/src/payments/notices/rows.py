"""Notices of providers: stored as they came, once, then due until acted upon."""

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
from payments.requests.answers import is_storable
from shared.database.bulk import update_all
from shared.database.transactions import Tx
from shared.ids import new_id

NOTICE_WORK = "payment notices"
FOR_STAFF = ("unmatched", "unknown", "unreadable")
"""States of notices that a person has to see."""
ID_LENGTH_MAX = 200
SUMMARY_LENGTH_MAX = 300
JOINED_FOR = timedelta(seconds=3)
"""Notices that come while an earlier one of the same payment is not acted upon wait so long, for one look together."""


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice to act upon. ``refs`` are ids that it alone names; ``alert`` is what only it can tell, as JSON."""

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
"""The name of a provider, and an id by which it knows a payment: one of ``refs``, or the payment's own."""

_ALERT = TypeAdapter(Chargeback)
_BY_REFERENCE = """
    SELECT payment_id, method, provider_ids FROM payments
    WHERE provider_ids && CAST(:values AS text[]) OR payment_id = ANY(:ids) ORDER BY payment_id
"""
# When to act on a notice: at once, or, while others with its reference wait, together with those that wait like it.
_DUE_AT = """
    SELECT coalesce(min(due_at) FILTER (WHERE due_at > :at AND due_at <= :joined_at),
                    CASE WHEN count(*) = 0 THEN CAST(:at AS timestamptz) ELSE :joined_at END)
    FROM notices WHERE method = :method AND reference = :reference AND due_at IS NOT NULL
"""


# What nobody is to look at is never due; a chargeback is due at once.
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
    """Store a notice; False if the provider had sent it before. Whatever of it can be kept is kept."""
    about_payment = notice.reference is not None
    state = "new" if about_payment else "noted" if notice.known else "unknown"
    stored = await _insert(tx, provider, notice, body, state, at)
    if stored and about_payment:
        tx.wake(NOTICE_WORK)
    return stored


async def insert_unreadable(tx: Tx, provider: str, body: bytes, at: datetime) -> None:
    """Keep for staff what a provider sent and nobody can read; sent again, it is kept once."""
    notice = Notice(_digest(body), None, "読み取れない通知")
    await _insert(tx, provider, notice, body, "unreadable", at)


async def sweep_notices(tx: Tx, payment_id: UUID, looked_up: Sequence[tuple[str, str, datetime]]) -> None:
    """Have one look answer every notice about the payment, given by provider and reference, that came before it."""
    await tx.execute(
        "UPDATE notices AS n SET state = CASE WHEN n.known THEN 'done' ELSE 'unknown' END, payment_id = :payment_id,"
        " due_at = NULL, leased_until = NULL, lease = NULL"
        " FROM unnest(CAST(:methods AS text[]), CAST(:references AS text[]), CAST(:began AS timestamptz[]))"
        " AS d(method, reference, began)"
        " WHERE n.method = d.method AND n.reference = d.reference AND n.received_at < d.began"
        " AND n.due_at IS NOT NULL AND n.alert IS NULL"
        # What the payment knows already was asked about as well.
        " AND n.refs <@ (SELECT refs FROM payments WHERE payment_id = :payment_id)",
        payment_id=payment_id,
        methods=[provider for provider, _, _ in looked_up],
        references=[reference for _, reference, _ in looked_up],
        began=[began for _, _, began in looked_up],
    )


async def match_references(
    tx: Tx, references: Iterable[Reference], provider_name: Callable[[str], str]
) -> dict[Reference, UUID]:
    """Return the id of the payment that each reference is about; those of no payment are left out.

    ``provider_name`` tells who is behind a method: a reference is one of its provider's, by whatever method.
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
    """Return provider and reference of those ``claimed`` about whose payment a look is under way for others."""
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
    """A notice that a person has to see, with the order that it is about, if it is about one."""

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
    """Return one page of the notices that a person has to see, newest first, and how many there are in all."""
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
    """Return what only the notice can tell, under its id: told by another notice it is news."""
    if notice.alert is None:
        return None
    return replace(_ALERT.validate_python(notice.alert), notice_id=notice.notice_id)


def can_be_matched(notice: Notice) -> bool:
    """Return whether the ids by which a notice finds its payment can be kept."""
    ids = [notice.reference or "", *notice.refs, *notice.refs.values()]
    return is_storable(ids) and is_storable(notice.alert) and all(len(one) <= ID_LENGTH_MAX for one in ids)


def _short(notice_id: str) -> str:
    """Return an id that can be kept: its own, or a digest of it."""
    kept = is_storable(notice_id) and len(notice_id) <= ID_LENGTH_MAX
    return notice_id if kept else _digest(notice_id.encode("utf-8", "surrogatepass"))


def _digest(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def _shown(summary: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in summary[:SUMMARY_LENGTH_MAX])


async def note_notices(tx: Tx, state: str, became: Sequence[tuple[UUID, UUID | None]]) -> None:
    """Record that notices, given with the payment they are about, are in ``state`` now."""
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
