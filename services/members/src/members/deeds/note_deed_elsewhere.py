"""Deeds at the desks of other services stand beside those at our own (STF-03)."""

from collections.abc import Mapping

from members.deeds.rows import Deed, Doer, note_deed
from shared.database import Tx
from shared.events import (
    ChargebackReopened,
    Event,
    MailsResent,
    OrdersExported,
    PaymentLookUpRequested,
    PaymentsExported,
)

DeedElsewhere = OrdersExported | PaymentsExported | PaymentLookUpRequested | ChargebackReopened | MailsResent
"""What other services say that their staff did."""
_DEED: Mapping[type[Event], Deed] = {
    OrdersExported: "orders_exported",
    PaymentsExported: "payments_exported",
    PaymentLookUpRequested: "payment_looked_up",
    ChargebackReopened: "chargeback_reopened",
    MailsResent: "mails_resent",
}


async def note_deed_elsewhere(tx: Tx, event: DeedElsewhere) -> None:
    """Write down what another service says that its staff did."""
    by = Doer(event.by_id, event.by, event.ip)
    await note_deed(tx, by, _DEED[type(event)], event.subject, at=event.occurred_at)
