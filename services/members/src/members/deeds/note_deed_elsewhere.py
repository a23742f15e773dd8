"""Adds deeds at the desks of other services to the list of deeds (STF-03)."""

from collections.abc import Mapping

from members.deeds.rows import DeedKind, Doer, note_deed
from shared.database.transactions import Tx
from shared.events import (
    DeskEvent,
    MailAddressCorrected,
    MailSettingsChanged,
    MailsResent,
    OrdersExported,
    PaymentDeedDone,
    PaymentLookUpRequested,
    PaymentSettingsChanged,
    PaymentsExported,
    ShopSettingsChanged,
    TestMailRequested,
)

DEED_OF: Mapping[type[DeskEvent], DeedKind] = {
    OrdersExported: "orders_exported",
    PaymentsExported: "payments_exported",
    PaymentLookUpRequested: "payment_looked_up",
    PaymentDeedDone: "payment_deed_done",
    MailsResent: "mails_resent",
    TestMailRequested: "test_mail_sent",
    MailAddressCorrected: "mail_address_corrected",
    ShopSettingsChanged: "shop_settings_changed",
    PaymentSettingsChanged: "payment_settings_changed",
    MailSettingsChanged: "mail_settings_changed",
}
"""The deeds that other services report, with their names in this list."""


async def note_deed_elsewhere(tx: Tx, event: DeskEvent) -> None:
    """Store a deed that another service reports."""
    by = Doer(event.by_id, event.by, event.ip)
    await note_deed(tx, by, DEED_OF[type(event)], event.subject, at=event.occurred_at)
