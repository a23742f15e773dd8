"""Staff take the list of payments as a file: it is written down who has it."""

from collections.abc import Callable, Mapping
from typing import Any

from payments.desk.rows import PaymentSearch, list_payments
from shared.database.transactions import Tx
from shared.events import PaymentsExported


async def export_payments(
    tx: Tx, search: PaymentSearch, done_by: Mapping[str, Any], told: Callable[[int], str]
) -> None:
    """Say that all payments found by ``search`` leave the desk, and how many there are.

    ``done_by`` are the fields of a desk event that tell who took them, ``told`` the words for a number of rows.
    """
    _, count = await list_payments(tx, **search, limit=0, offset=0)
    tx.say(PaymentsExported(**done_by, subject=told(count)))
