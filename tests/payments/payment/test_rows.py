"""Rows of payments: what an earlier release stored stays readable."""

import json
from dataclasses import fields

from payments.desk.answer_labels import ANSWERS
from payments.payment.rows import lock_order_payments, save_all
from payments.payment.rules.answers import Chargeback, NoLongerReported
from payments.payment.rules.details import Disowned, Loss, OurRefund
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.stored_names import STORED_AS, WITHIN
from payments.requests.stored_answers import answer_as_json
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


OLD_NAMES = {
    "asked_by": "staff",
    "refund_asked_amount": 500,
    "doubted_receipts": {"r1": 300},
    "retold_refunds": {"f1": 200},
    "doubted_refunds": ["f2"],
    "not_ours": ["a9"],
    "shipped": True,
    "our_refund": {"number": 2, "told_before": 700},
    "losses": [{"ref": "f3", "amount": 40, "kind": "refund", "told": True}],
    "chargebacks": [{"reference": "c1", "amount": 90, "told": {"reference": "c1", "amount": 90}}],
}


async def test_a_row_keeps_the_names_that_an_earlier_release_gave(payments: Payments) -> None:
    await payments.hears(placed("N1", "scripted"))
    old = json.dumps(OLD_NAMES)
    await payments.rows(f"UPDATE payments SET details = details || '{old}' WHERE true RETURNING 1")
    async with payments.db.transaction() as tx:
        payment = (await lock_order_payments(tx, ["N1"]))["N1"]
        await save_all(tx, [Settled(payment.changed(page_key="k"))], payments.methods, now())
    [(details,)] = await payments.rows("SELECT details FROM payments")

    assert (payment.requested_by, payment.refund_requested_amount) == ("staff", 500)
    assert payment.receipt_amounts_in_doubt == {"r1": 300}
    assert payment.refund_amounts_in_doubt == {"f1": 200}
    assert (payment.unfit_refund_refs, payment.refs_of_others) == (("f2",), ("a9",))
    assert payment.capture_when_held
    assert payment.our_refund == OurRefund(2, refunded_before=700)
    assert payment.losses == (Loss("f3", 40, "refund", published=True),)
    assert payment.chargebacks[0].last_report == Chargeback(reference="c1", amount=90)
    assert details.keys() >= OLD_NAMES.keys()
    assert not details.keys() & STORED_AS.keys()
    assert details["our_refund"]["told_before"] == 700
    assert details["losses"][0]["told"] is True
    assert details["chargebacks"][0]["told"]["amount"] == 90


def test_stored_names_belong_to_fields_and_are_no_fields() -> None:
    of_a_payment = {one.name for one in fields(Payment)}

    assert of_a_payment >= STORED_AS.keys() | WITHIN.keys()
    assert not of_a_payment & set(STORED_AS.values())


def test_an_answer_keeps_the_name_that_an_earlier_release_gave() -> None:
    missing = NoLongerReported(receipts=("r1",))

    assert answer_as_json(missing) == {"answer": "ToldNoMore", "refs": {}, "receipts": ["r1"], "refunds": []}
    assert ANSWERS["ToldNoMore"] == "記録した入金または返金が、決済会社の記録にありません"
