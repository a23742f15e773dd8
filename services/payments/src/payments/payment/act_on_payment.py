"""What staff do about one payment: as they saw it, once, in one commit with all that follows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from payments.payment.locked_payments import LockedPayments
from payments.payment.requests import has_open_request
from payments.payment.rows import lock_order_payment, look_soon, unknown_order
from payments.payment.rules.drafting import Rule, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.watching import MethodFacts
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused

Repeated = Callable[[Payment], Awaitable[bool]]
"""Tells whether the very same record is in the books already. Raises Refused where another one is, under its id."""


@dataclass(frozen=True, slots=True)
class Acted:
    """The payment as it stands after a deed, and whether that ``booked`` anything: a repeated one does not."""

    payment: Payment
    booked: bool


async def _never(_: Payment) -> bool:
    """Deeds without an id of their own are repeated for no version of a payment."""
    return False


async def act_on_payment(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    version: int,
    rule: Rule,
    *,
    repeated: Repeated = _never,
) -> Acted:
    """Do to the payment of an order what ``rule`` makes of it, unless that is ``repeated``; return how it stands then.

    Raises Refused for an order that is not known, for a payment that is not the ``version`` they saw, while an
    earlier refund is not answered, and where the payment does not allow the deed.
    """
    payment = await lock_order_payment(tx, order_code)
    if payment is None:
        raise unknown_order()
    if await repeated(payment):
        return Acted(payment, booked=False)
    if payment.version != version:
        raise changed_meanwhile()
    at = now()
    settled = rule(payment, methods[payment.method].terms, at)
    refunds = any(ask.operation == "refund" for ask in settled.asks)
    blocked = refunds and await has_open_request(tx, payment.payment_id, "refund")
    if blocked or settled == Settled(payment):
        raise not_possible()
    batch = LockedPayments([payment])
    batch.add(settled)
    await batch.save(tx, methods, at)
    if (payment.contradicted and not settled.payment.contradicted) or payment.doubted_refunds:
        # What the provider tells counts now, and what is over at our end is over there.
        await look_soon(tx, [payment.payment_id], also_unwatched=True)
    return Acted(settled.payment, booked=True)


def changed_meanwhile() -> Refused:
    """Return why nothing is done to a payment that is not as staff saw it."""
    return Refused(
        "payment_changed_meanwhile",
        "この決済は他の操作で更新されました。最新の内容を確認してから、もう一度行ってください。",
    )


def not_possible() -> Refused:
    """Return why a deed is not done that the payment does not allow."""
    return Refused("deed_not_possible", "いまの状態では、この操作はできません。")


def recorded_already() -> Refused:
    """Return why no record is booked under the id of another one, or of one that was taken back."""
    return Refused("recorded_already", "記録済みです。最新の内容を確認してください。")
