"""What Amazon knows of a payment's money: every hold, every capture, everything that went back.

A payment can have several charges, because a hold that ended may be asked for again, and refunds that nobody
at the shop asked for, because Seller Central gives money back, too.
"""

from collections.abc import Sequence

from payments.methods.amazon_pay import meaning
from payments.methods.amazon_pay.client import AmazonPayClient, NoAnswer, SaysNo
from payments.methods.amazon_pay.objects import Charge, Refund
from payments.payment.rules.answers import (
    Answer,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    UnnamedCharges,
)
from payments.payment.rules.payment import Payment

CHARGE, PERMISSION = "charge_id", "charge_permission_id"
REFUND = "refund_"
NAMED = "named_charge_"
"""Charges that a notice named, ours among them; the others were made by order-management software or the like."""
NOT_FOUND = "ResourceNotFound"


def charges_of(payment: Payment) -> list[str]:
    """Ids of all charges of the payment, the present one last."""
    known = (*payment.ended_holds, payment.authorization_id, payment.refs.get(CHARGE, ""))
    return list(dict.fromkeys(charge_id for charge_id in known if charge_id))


def others_of(payment: Payment) -> list[str]:
    """Ids of charges that notices named and that are none of ours. While a hold is asked for anew, one of them may be
    the answer to that, so none is told apart."""
    if payment.state == "reauthorizing":
        return []
    ours = charges_of(payment)
    return [value for name, value in payment.refs.items() if name.startswith(NAMED) and value not in ours]


async def our_charges(client: AmazonPayClient, payment: Payment) -> list[Charge]:
    """Charges that we asked for. Raises `NoAnswer` if one is on another permission than the payment's, or is not found:
    Amazon itself has named it."""
    try:
        charges = [await client.charge(charge_id) for charge_id in charges_of(payment)]
    except SaysNo as no:
        if no.code != NOT_FOUND:
            raise
        raise NoAnswer("not_found", mismatch=True) from no
    for charge in charges:
        if payment.refs.get(PERMISSION, charge.charge_permission_id) != charge.charge_permission_id:
            raise NoAnswer("other_reference", mismatch=True)
    return charges


async def other_charges(client: AmazonPayClient, payment: Payment) -> list[Charge]:
    """Charges that others made on the payment's permission; what a notice named and is not there is left out."""
    found: list[Charge] = []
    for charge_id in others_of(payment):
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
    """Ids of all refunds we know of, and whether we asked for them; a notice names those that others made."""
    found: dict[str, bool] = {}
    for name, refund_id in payment.refs.items():
        if name.startswith(REFUND):
            found[refund_id] = found.get(refund_id, False) or name != REFUND + refund_id
    return found


async def look_at_charges(client: AmazonPayClient, payment: Payment) -> Sequence[Answer]:
    """All charges, then the refunds that have names, then what went back in all."""
    answers: list[Answer] = []
    ours, others = await our_charges(client, payment), await other_charges(client, payment)
    for charge in ours:
        answers += await _of_charge(client, payment, charge)
    for charge in others:
        answers += meaning.of_other_charge(charge)
    charges = ours + others
    answers += await _unnamed(client, payment, charges)
    for refund, is_ours in await known_refunds(client, payment):
        told = meaning.of_refund(refund, {})
        # How a refund of others fares on its way must not be taken for the fate of ours.
        if is_ours or isinstance(told, Refunded):
            answers.append(told)
    returned = sum(charge.returned for charge in charges)
    return [*answers, RefundedInAll(amount=returned)] if returned else answers


async def _unnamed(
    client: AmazonPayClient, payment: Payment, charges: Sequence[Charge]
) -> list[UnnamedCharges]:
    """What was charged on the permission beyond the charges we know, where that is news."""
    if payment.state == "reauthorizing" or not charges:
        return []
    limits = (await client.permission(charges[0].charge_permission_id)).limits
    unnamed = beyond(limits.charged, charges) if limits else 0
    news = unnamed != payment.unnamed_charge_amount
    return [UnnamedCharges(amount=unnamed)] if news else []


def beyond(charged: int, charges: Sequence[Charge]) -> int:
    """Return how many yen of ``charged`` are of none of the ``charges``.

    Amazon does not say whether an open hold lowers what is left of a permission. If it does, no less than the hold is missing:
    so what is less than that was charged by others, and what is as much, or more, may hold it.
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


async def known_refunds(client: AmazonPayClient, payment: Payment) -> list[tuple[Refund, bool]]:
    """The payment's refunds, each with whether we asked for it. One that belongs to others is left out."""
    found: list[tuple[Refund, bool]] = []
    charges = charges_of(payment) + others_of(payment)
    for refund_id, is_ours in refunds_of(payment).items():
        try:
            refund = await client.refund(refund_id)
        except SaysNo as no:
            if no.code != NOT_FOUND or is_ours:
                raise
            continue
        if is_ours or refund.charge_id in charges:
            found.append((refund, is_ours))
    return found


async def left_on_charges(client: AmazonPayClient, payment: Payment) -> dict[str, int]:
    """How many yen each captured charge can give back, without what is on its way back already."""
    left: dict[str, int] = {}
    named: dict[str, int] = {}
    for refund, _ in await known_refunds(client, payment):
        if not isinstance(meaning.of_refund(refund, {}), RefundDeclined):
            named[refund.charge_id] = named.get(refund.charge_id, 0) + refund.refund_amount.amount
    for charge in await our_charges(client, payment) + await other_charges(client, payment):
        if charge.state == "Captured":
            taken = (charge.capture_amount or charge.charge_amount).amount
            left[charge.charge_id] = taken - max(charge.returned, named.get(charge.charge_id, 0))
    return left


async def others_refund(client: AmazonPayClient, payment: Payment) -> bool:
    """Whether a refund that the shop did not ask for is on its way: before it ends nobody knows what is left."""
    known = await known_refunds(client, payment)
    return any(
        isinstance(meaning.of_refund(each, {}), RefundWaiting) for each, is_ours in known if not is_ours
    )
