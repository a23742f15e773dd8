"""The payments of a list as a file. An event names the person who takes it."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from payments.desk.rows import PaymentSearch, every_payment, list_payments
from payments.payment.rules.payment import Payment
from shared.database.transactions import Database
from shared.events import PaymentsExported


async def export_payments(
    db: Database, search: PaymentSearch, *, by: Mapping[str, Any], subject: Callable[[int], str]
) -> AsyncIterator[Payment]:
    """Return all payments found, after publishing who takes them.

    ``by`` has the person and the place (:func:`shared.web.deeds.done_by`). ``subject`` describes the list in words.
    """
    async with db.transaction() as tx:
        _, count = await list_payments(tx, **search, limit=0, offset=0)
        tx.say(PaymentsExported(**by, subject=subject(count)))
    return every_payment(db, **search)
