"""Deeds at the desks of other services stand beside those at our own (STF-03)."""

from collections.abc import Mapping

from members.deeds.rows import Deed, Doer, note_deed
from shared.database import Tx
from shared.events import (
    DeskEvent,
    MailSettingsChanged,
    MailsResent,
    OrdersExported,
    PaymentLookUpRequested,
    PaymentSettingsChanged,
    PaymentsExported,
    ShopSettingsChanged,
)

_DEED: Mapping[type[DeskEvent], Deed] = {
    OrdersExported: "orders_exported",
    PaymentsExported: "payments_exported",
    PaymentLookUpRequested: "payment_looked_up",
    MailsResent: "mails_resent",
    ShopSettingsChanged: "shop_settings_changed",
    PaymentSettingsChanged: "payment_settings_changed",
    MailSettingsChanged: "mail_settings_changed",
}


async def note_deed_elsewhere(tx: Tx, event: DeskEvent) -> None:
    """Write down what another service says that its staff did."""
    by = Doer(event.by_id, event.by, event.ip)
    await note_deed(tx, by, _DEED[type(event)], event.subject, at=event.occurred_at)
