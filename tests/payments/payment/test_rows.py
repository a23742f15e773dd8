"""Rows of payments: a field keeps the name under which other releases store and read it."""

from payments.payment.rows import lock_order_payments, save_all
from payments.payment.rules.drafting import Settled
from shared.clock import now
from tests.payments.order_examples import placed
from tests.payments.payments_service import Payments

STORED = '{"let_go": {"r1": "N2"}}'


async def test_receipts_of_other_orders_keep_their_stored_name(payments: Payments) -> None:
    await payments.hears(placed("N1", "scripted"))
    await payments.rows(f"UPDATE payments SET details = details || '{STORED}' WHERE true RETURNING 1")
    async with payments.db.transaction() as tx:
        payment = (await lock_order_payments(tx, ["N1"]))["N1"]
        assert {"r1": "N2"} in vars(payment).values()
        await save_all(tx, [Settled(payment.changed(page_key="k"))], payments.methods, now())

    [row] = await payments.rows("SELECT details FROM payments")
    assert (row.details["let_go"], row.details["page_key"]) == ({"r1": "N2"}, "k")
    assert "released_receipts" not in row.details
