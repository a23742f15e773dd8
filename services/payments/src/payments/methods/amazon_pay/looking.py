"""What Amazon knows about a payment's money: every hold, every capture, every refund.

A payment has several charges if an ended hold was requested again. It may have refunds without a request of the shop,
because staff also refund in Seller Central.
"""

from collections.abc import Sequence

from payments.methods.amazon_pay import meaning
from payments.methods.amazon_pay.charges import Charge, Refund
from payments.methods.amazon_pay.client import AmazonPayClient, NoAnswer, SaysNo, about
from payments.payment.rules.answers import (
    Answer,
    NoLongerReported,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    UnnamedCharges,
)
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import holds_counted_again, no_longer_reported, own_refs

CHARGE, PERMISSION = "charge_id", "charge_permission_id"
REFUND = "refund_"
NAMED = "named_charge_"
"""Charges that a notice named. Some are Noren's; order-management software or others made the rest."""
NOT_FOUND = "ResourceNotFound"


def charges_of(payment: Payment) -> list[str]:
    """Return the ids of all charges of the payment, the present one last."""
    known = (*payment.ended_holds, payment.authorization_id, payment.refs.get(CHARGE, ""))
    return own_refs(payment, known)


def charge_of(payment: Payment) -> str:
    """Return the id of the payment's latest charge. It is empty without one, or if staff disowned it."""
    return next(iter(own_refs(payment, [payment.refs.get(CHARGE, "")])), "")


def permissions_of(payment: Payment) -> list[str]:
    """Return the permission to which all charges of the payment belong, or none if it is not known yet."""
    return [payment.refs[PERMISSION]] if PERMISSION in payment.refs else []


def others_of(payment: Payment) -> list[str]:
    """Return the ids of charges that notices named, or that staff count again, and that are not Noren's.

    While a new hold is requested, the result is empty: one of them may be that hold.
    """
    if payment.state == "reauthorizing":
        return []
    known = (*charges_of(payment), *payment.disowned)
    again = holds_counted_again(payment)
    named = [value for name, value in payment.refs.items() if name.startswith(NAMED) or value in again]
    return [value for value in dict.fromkeys(named) if value not in known]


def disowned_of(payment: Payment) -> list[str]:
    """Return the ids of disowned charges."""
    return [ref for ref, one in payment.disowned.items() if one.kind != "refund"]


async def our_charges(client: AmazonPayClient, payment: Payment) -> list[Charge]:
    """Return the charges that Noren requested.

    Raises `NoAnswer` if one belongs to another permission than the payment's, or is not found although Amazon named
    it.
    """
    of = permissions_of(payment)
    try:
        return [await client.charge(charge_id, of=of) for charge_id in charges_of(payment)]
    except SaysNo as no:
        if no.code != NOT_FOUND:
            raise
        raise NoAnswer("not_found", mismatch=True) from no


async def other_charges(client: AmazonPayClient, payment: Payment) -> list[Charge]:
    """Return the charges that others made on the payment's permission, without those that are not found."""
    return await _on_the_permission(client, payment, others_of(payment))


async def _on_the_permission(
    client: AmazonPayClient, payment: Payment, charge_ids: Sequence[str]
) -> list[Charge]:
    """Return those charges that name the payment's permission as theirs."""
    found: list[Charge] = []
    for charge_id in charge_ids:
        try:
            charge = await client.charge(charge_id)
        except SaysNo as no:
            if no.code != NOT_FOUND:
                raise
            continue
        if charge.charge_permission_id == payment.refs.get(PERMISSION):
            found.append(charge)
    return found


def refunds_of(payment: Payment) -> dict[str, bool]:
    """Return the ids of all known refunds, each with whether Noren requested it. Notices name the refunds of others.

    A disowned one counts as one of others: it need not be found, nor belong to the payment's charges.
    """
    found = {ref: False for ref, one in payment.disowned.items() if one.kind == "refund"}
    for name, refund_id in payment.refs.items():
        if name.startswith(REFUND) and refund_id not in payment.disowned:
            found[refund_id] = found.get(refund_id, False) or name != REFUND + refund_id
    return found


async def look_at_charges(client: AmazonPayClient, payment: Payment) -> Sequence[Answer]:
    """Return all charges, then the refunds with ids, then the sums of refunds.

    A charge that staff disowned is reported as long as it names the payment's permission: staff may have been mistaken.
    Refunds are read first. So the sums of the charges, read later, contain all of them that were completed.
    """
    answers: list[Answer] = []
    refunds = await _named_refunds(client, payment)
    own_charges, others = await our_charges(client, payment), await other_charges(client, payment)
    for charge in own_charges:
        answers += await _of_charge(client, payment, charge)
    for charge in others:
        answers += meaning.of_other_charge(charge)
    charges = own_charges + others
    disowned = await _on_the_permission(client, payment, disowned_of(payment))
    answers += _taken_no_more(payment, charges)
    for charge in disowned:
        answers += meaning.of_charge(charge, payment.instrument, {}, held=True)
    answers += await _unnamed(client, payment, charges + disowned)
    for refund, is_ours in _of_charges(refunds, own_charges, others):
        reported = meaning.of_refund(refund, {})
        failed = isinstance(reported, RefundDeclined) and refund.refund_id in payment.refund_amounts
        # The state of others' refund in progress must not be taken for the state of Noren's refund.
        if is_ours or isinstance(reported, Refunded) or failed:
            answers.append(reported)
    returned = sum(charge.returned for charge in charges)
    before = payment.reported_refunds_amount
    return (
        [*answers, RefundedInAll(amount=returned, expected_before=before)] if returned or before else answers
    )


def _taken_no_more(payment: Payment, charges: Sequence[Charge]) -> Sequence[NoLongerReported]:
    """Return the booked receipts of charges that Amazon does not report as captured, or not for this permission."""
    names = payment.receipt_names
    asked = {names.get(charge_id, charge_id) for charge_id in (*charges_of(payment), *others_of(payment))}
    not_asked = [receipt for receipt in payment.receipts if receipt not in asked and receipt not in names]
    captured = [charge.charge_id for charge in charges if charge.state == "Captured"]
    return no_longer_reported(payment, receipts=[*captured, *not_asked], refunds=None)


async def _unnamed(
    client: AmazonPayClient, payment: Payment, charges: Sequence[Charge]
) -> list[UnnamedCharges]:
    """Return what was charged on the permission beyond the known charges, if that is new."""
    if payment.state == "reauthorizing" or not charges:
        return []
    limits = (await client.permission(charges[0].charge_permission_id)).limits
    unnamed = beyond(limits.charged, charges) if limits else 0
    changed = unnamed != payment.unnamed_charge_amount
    return [UnnamedCharges(amount=unnamed)] if changed else []


def beyond(charged: int, charges: Sequence[Charge]) -> int:
    """Return how many yen of ``charged`` belong to none of the ``charges``.

    Amazon does not document whether an open hold lowers the rest of a permission. If it does, at least the amount of
    the hold is missing. So a smaller amount was charged by others. An equal or larger amount may contain the hold.
    """
    more = max(charged - sum(charge.taken for charge in charges), 0)
    held = sum(charge.held for charge in charges)
    return more if more < held else more - held


async def _of_charge(client: AmazonPayClient, payment: Payment, charge: Charge) -> list[Answer]:
    held = charge.charge_id in (payment.authorization_id, *payment.ended_holds)
    instrument = payment.instrument or (await client.permission(charge.charge_permission_id)).instrument
    if payment.state == "reauthorizing" and not held:
        return [meaning.of_new_hold(charge, instrument)]
    return meaning.of_charge(charge, instrument, {}, held=held)


async def _named_refunds(client: AmazonPayClient, payment: Payment) -> list[tuple[Refund, bool]]:
    """Return the refunds that answers and notices named, each with whether Noren requested it.

    Each refund names its charge. Raises `NoAnswer` if one that Amazon named is not found.
    """
    found: list[tuple[Refund, bool]] = []
    for refund_id, is_ours in refunds_of(payment).items():
        try:
            found.append((await client.refund(refund_id), is_ours))
        except SaysNo as no:
            if no.code != NOT_FOUND:
                raise
            if is_ours:
                raise NoAnswer("not_found", mismatch=True, ref_of_others=refund_id) from no
    return found


def _of_charges(
    refunds: Sequence[tuple[Refund, bool]], own_charges: Sequence[Charge], others: Sequence[Charge]
) -> list[tuple[Refund, bool]]:
    """Return the refunds of these charges.

    A refund from a notice that belongs to others is left out. Raises `NoAnswer` if one of Noren's refunds belongs to
    others.
    """
    charges = {charge.charge_id for charge in (*own_charges, *others)}
    for refund, is_ours in refunds:
        if is_ours:
            about(refund.refund_id, refund, charges)
    return [(refund, is_ours) for refund, is_ours in refunds if refund.charge_id in charges]


async def known_refunds(client: AmazonPayClient, payment: Payment) -> list[tuple[Refund, bool]]:
    """Return the payment's refunds, each with whether Noren requested it. A refund that belongs to others is left out."""
    refunds = await _named_refunds(client, payment)
    if not refunds:
        return []
    return _of_charges(refunds, await our_charges(client, payment), await other_charges(client, payment))


async def left_on_charges(client: AmazonPayClient, payment: Payment) -> dict[str, int]:
    """Return how many yen each captured charge can still refund, without refunds in progress.

    Charges without a chargeback come first.
    """
    left: dict[str, int] = {}
    named: dict[str, int] = {}
    for refund, _ in await known_refunds(client, payment):
        if not isinstance(meaning.of_refund(refund, {}), RefundDeclined):
            named[refund.charge_id] = named.get(refund.charge_id, 0) + refund.refund_amount.amount
    for charge in await our_charges(client, payment) + await other_charges(client, payment):
        if charge.state == "Captured":
            back = max(charge.returned, named.get(charge.charge_id, 0))
            left[charge.charge_id] = charge.taken - back - _taken_by_a_bank(payment, charge)
    return dict(sorted(left.items(), key=lambda one: payment.chargeback(one[0]) is not None))


def _taken_by_a_bank(payment: Payment, charge: Charge) -> int:
    """Return how many yen of a charge a bank took back. The charge cannot refund them once more."""
    disputed = payment.chargeback(charge.charge_id)
    return disputed.amount if disputed is not None and disputed.state == "lost" else 0


async def others_refund(client: AmazonPayClient, payment: Payment) -> bool:
    """Return whether a refund that the shop did not request is in progress.

    Until it ends, the remaining amount is not known.
    """
    known = await known_refunds(client, payment)
    return any(
        isinstance(meaning.of_refund(each, {}), RefundWaiting) for each, is_ours in known if not is_ours
    )
