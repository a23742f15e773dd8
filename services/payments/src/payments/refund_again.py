"""Staff have a refund that failed tried once more: whatever is here by now goes back (AP-51, KON-39)."""

from payments.domain import asking
from payments.methods import Methods
from payments.storage.payments import lock_order_payment, save_all
from payments.storage.requests import has_effective_request
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused


async def refund_again(tx: Tx, methods: Methods, *, order_code: str) -> None:
    """Write the refund down anew; the provider is looked at before it is asked.

    Raises Refused where no refund failed, one is under way, or nothing is here any more.
    """
    payment = await lock_order_payment(tx, order_code)
    if payment is None:
        raise Refused("payment_not_found", "この注文の決済はありません。", status=404)
    at = now()
    settled = asking.refund_again(payment, at)
    if not settled.asks or await has_effective_request(tx, payment.payment_id, "refund"):
        raise Refused("no_failed_refund", "もう一度依頼する返金はありません。")
    await save_all(tx, [settled], methods, at)
