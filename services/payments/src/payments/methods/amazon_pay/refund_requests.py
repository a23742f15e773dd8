"""A refund of Noren at Amazon: of the one charge that captured the money, or in parts of several charges.

Noren chooses once which charge refunds how much. The choice is stored with the payment before the first request, so
that a repetition has the same result. Each part has its own idempotency key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from payments.methods.amazon_pay import looking, meaning
from payments.methods.amazon_pay.client import AmazonPayClient, SaysNo
from payments.methods.amazon_pay.looking import REFUND
from payments.payment.rules.answers import Answer, RefundDeclined, RefundWaiting, Unknown
from payments.payment.rules.payment import Payment

CHOSEN = "chosen_for_"
CHOSEN_SECONDS = 0.5
"""The pause in seconds between the choice and the first request. The choice is stored in that time."""


@dataclass(frozen=True)
class Part:
    """``amount`` yen that the charge shall refund, requested with ``key``."""

    charge_id: str
    amount: int
    key: str


async def give_back(client: AmazonPayClient, payment: Payment, amount: int, key: str) -> Answer:
    """Request a refund of ``amount`` yen, or choose its charges first. Amazon completes it later.

    Raises SaysNo if Amazon refuses the shop's own set-up, NoAnswer if Amazon does not answer.
    """
    if await looking.others_refund(client, payment):
        return RefundWaiting(looks=1)
    charge_ids = looking.charges_of(payment)
    if len(charge_ids) == 1 and not looking.others_of(payment):
        return await _ask(client, Part(charge_ids[0], amount, key))
    parts = _chosen(payment, key)
    if not parts:
        refs = _choose(await looking.left_on_charges(client, payment), amount, key)
        if not refs:
            return RefundDeclined(reason="nothing_left")
        return RefundWaiting(refs=refs, looks=1, ask_again_seconds=CHOSEN_SECONDS)
    if len(parts) == 1 and parts[0].amount == amount:
        return await _ask(client, parts[0])
    return await _ask_in_parts(client, payment, parts)


async def _ask(client: AmazonPayClient, part: Part) -> Answer:
    try:
        refund = await client.create_refund(part.charge_id, part.amount, key=part.key)
    except SaysNo as no:
        if meaning.is_our_fault(no):
            raise
        return RefundDeclined(reason=no.code)
    refs = {REFUND + part.key: refund.refund_id}
    if refund.refund_amount.amount != part.amount:
        doubted = refund.refund_id
        return Unknown(reason="amount_differs", mismatch=True, unfit_refund_ref=doubted, refs=refs)
    return meaning.of_refund(refund, refs)


async def _ask_in_parts(client: AmazonPayClient, payment: Payment, parts: list[Part]) -> Answer:
    """Request every part. A look-up reports the completed parts.

    The rest has failed after everything that is possible is known.
    """
    refs: dict[str, str] = {}
    awaited: list[str] = []
    reason = "nothing_left"
    for part in parts:
        reply = await _ask(client, part)
        refs |= reply.refs
        if isinstance(reply, Unknown):
            return reply
        if isinstance(reply, RefundDeclined):
            reason = reply.reason
        elif (refund_id := refs[REFUND + part.key]) not in payment.our_refund.done_refs:
            awaited.append(refund_id)
    if awaited:
        return RefundWaiting(refs=refs, refund_refs=tuple(awaited))
    return RefundDeclined(refs=refs, reason=reason)


def _choose(left: Mapping[str, int], amount: int, key: str) -> dict[str, str]:
    """Return the choice to store: one charge that can refund everything, or several, those with the highest rest first."""
    whole = [charge_id for charge_id, rest in left.items() if rest >= amount]
    charge_ids = whole[:1] or sorted(left, key=left.__getitem__, reverse=True)
    chosen: dict[str, str] = {}
    for charge_id in charge_ids:
        part = min(left[charge_id], amount)
        if part > 0:
            chosen[f"{CHOSEN}{key}_{len(chosen)}"] = f"{charge_id}:{part}"
            amount -= part
    return chosen


def _chosen(payment: Payment, key: str) -> list[Part]:
    """Return the parts that were chosen for the request with ``key``. The first part has that key itself."""
    parts: list[Part] = []
    while kept := payment.refs.get(f"{CHOSEN}{key}_{len(parts)}"):
        charge_id, _, amount = kept.rpartition(":")
        part_key = blake2b(f"{key}{len(parts)}".encode(), digest_size=16).hexdigest() if parts else key
        parts.append(Part(charge_id, int(amount), part_key))
    return parts
