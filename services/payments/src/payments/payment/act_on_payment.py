"""One deed of staff about one payment: for the version that they saw, once, in one commit with everything that follows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from payments.payment.locked_payments import LockedPayments
from payments.payment.look_soon import look_soon
from payments.payment.new_requests import has_open_request
from payments.payment.rows import lock_order_payment, unknown_order
from payments.payment.rules.drafting import Rule, Settled
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused

Repeated = Callable[[Payment], Awaitable[bool]]
"""Returns whether the same record is booked already. Raises Refused if its id names another record."""


@dataclass(frozen=True, slots=True)
class Acted:
    """The payment after a deed, and whether the deed ``booked`` anything. A repeated deed books nothing.

    ``more_text`` is a sentence that staff read after this deed, in addition to the text of all such deeds.
    """

    payment: Payment
    booked: bool
    more_text: str = ""


async def _never(_: Payment) -> bool:
    """Return False: a deed without its own id is never a repetition."""
    return False


async def act_on_payment(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    version: int,
    rule: Rule,
    *,
    repeated: Repeated = _never,
    asks_refund: bool = False,
) -> Acted:
    """Apply ``rule`` to the payment of an order, unless the deed is ``repeated``. Return the payment after it.

    ``asks_refund``: the deed itself requests a refund. Other deeds decide something, and a refund may only follow
    from it. They are possible while an earlier refund has no answer: only the latest one is sent.

    Raises Refused in these cases:

    - the order is not known;
    - the payment has another ``version`` than staff saw;
    - the deed requests a refund, and an earlier refund has no answer yet;
    - the payment does not allow the deed.
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
    blocked = asks_refund and await has_open_request(tx, payment.payment_id, "refund")
    if blocked or settled == Settled(payment):
        raise not_possible()
    batch = LockedPayments([payment])
    batch.add(settled)
    await batch.save(tx, methods, at)
    if (payment.contradicted and not settled.payment.contradicted) or payment.unfit_refund_refs:
        # The provider's reports count now. A request that ended here has ended at the provider, too.
        await look_soon(tx, [payment.payment_id], also_unwatched=True)
    return Acted(settled.payment, booked=True)


def changed_meanwhile() -> Refused:
    """Return the refusal for a payment that changed after staff saw it."""
    return Refused(
        "payment_changed_meanwhile",
        "この決済は他の操作で更新されました。最新の内容を確認してから、もう一度行ってください。",
    )


def not_possible() -> Refused:
    """Return the refusal for a deed that the payment does not allow."""
    return Refused("deed_not_possible", "いまの状態では、この操作はできません。")


def recorded_already() -> Refused:
    """Return the refusal for an id that belongs to another record, or to one that was taken back."""
    return Refused("recorded_already", "記録済みです。最新の内容を確認してください。")
