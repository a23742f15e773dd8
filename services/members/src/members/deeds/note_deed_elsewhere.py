"""Adds deeds at the desks of other services to the list of deeds (STF-03)."""

from members.deeds.rows import Doer, Traces, note_deed
from shared.database.transactions import Tx
from shared.events import DeskEvent


async def note_deed_elsewhere(tx: Tx, event: DeskEvent) -> None:
    """Store a deed that another service reports."""
    by = Doer(event.by_id, event.by, event.ip, event.device)
    traces = Traces(event.order_code, event.before, event.after)
    await note_deed(tx, by, type(event), event.subject, traces=traces, at=event.occurred_at)
