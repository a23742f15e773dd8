"""The payments of a list leave as a file; it is said who took them."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from payments.desk.rows import PaymentSearch, every_payment, list_payments
from payments.payment.rules.payment import Payment
from shared.database.transactions import Database
from shared.events import PaymentsExported


async def export_payments(
    db: Database, search: PaymentSearch, *, by: Mapping[str, Any], subject: Callable[[int], str]
) -> AsyncIterator[Payment]:
    """Return all payments found, after it is said who takes them.

    ``by`` tells who and from where (:func:`shared.web.deeds.done_by`), ``subject`` says in words what so many are.
    """
    async with db.transaction() as tx:
        _, count = await list_payments(tx, **search, limit=0, offset=0)
        tx.say(PaymentsExported(**by, subject=subject(count)))
    return every_payment(db, **search)
