"""Rows of payments: what an earlier release stored stays readable."""

from payments.payment.rows import lock_order_payments, save_all
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import Settled
from shared.clock import now
from tests.payments.order_examples import placed
from tests.payments.payments_service import Payments

STORED = '{"disowned": ["r1", "r2"], "let_go": {"r1": "N2"}, "told_again": {}}'


async def test_objects_disowned_before_they_had_amounts_stay_disowned(payments: Payments) -> None:
    await payments.hears(placed("N1", "scripted"))
    await payments.rows(f"UPDATE payments SET details = details || '{STORED}' WHERE true RETURNING 1")
    async with payments.db.transaction() as tx:
        payment = (await lock_order_payments(tx, ["N1"]))["N1"]
        await save_all(tx, [Settled(payment.changed(page_key="k"))], payments.methods, now())
    async with payments.db.transaction() as tx:
        again = (await lock_order_payments(tx, ["N1"]))["N1"]

    assert again.disowned == {"r1": Disowned("receipt", booked_on="N2"), "r2": Disowned("receipt")}
    assert again.page_key == "k"
