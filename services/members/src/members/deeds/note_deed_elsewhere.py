"""Deeds at the desks of other services stand beside those at our own (STF-03)."""

from collections.abc import Mapping

from members.deeds.rows import Deed, Doer, note_deed
from shared.database import Tx
from shared.events import Event, MailsResent, OrdersExported, PaymentLookUpRequested, PaymentsExported

_DEED: Mapping[type[Event], Deed] = {
    OrdersExported: "orders_exported",
    PaymentsExported: "payments_exported",
    PaymentLookUpRequested: "payment_looked_up",
    MailsResent: "mails_resent",
}


async def note_deed_elsewhere(
    tx: Tx, event: OrdersExported | PaymentsExported | PaymentLookUpRequested | MailsResent
) -> None:
    """Write down what another service says that its staff did."""
    by = Doer(event.by_id, event.by, event.ip)
    await note_deed(tx, by, _DEED[type(event)], event.subject, at=event.occurred_at)
