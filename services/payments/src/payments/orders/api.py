"""The state of an order's payment, for other services and for the holder of its key. These routes change nothing."""

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from payments.methods.registry import Methods
from payments.payment.labels import state_label
from payments.payment.rows import find_order_payment
from payments.payment.rules.payment import Payment
from shared.errors import Refused
from shared.web.parts import CurrentParts
from shared.web.session import Viewer, viewer

router = APIRouter(prefix="/api/payments")


@router.get("/orders/{order_code}")
async def show_order(
    parts: CurrentParts, order_code: str, seen: Annotated[Viewer, Depends(viewer)], key: str = ""
) -> dict[str, Any]:
    """Return the payment of an order, for the holder of the key of its page, and for staff.

    The code alone, which is on slips and in mails, opens nothing. The answer does not show whether such an order
    exists.
    """
    async with parts.db.transaction() as tx:
        payment = await find_order_payment(tx, order_code)
    if payment is None or not (seen.may("read_payments") or holds_key(payment, key)):
        raise Refused("payment_not_found", "この注文のお支払い情報はまだありません。", status=404)
    method = parts[Methods][payment.method]
    status = payment.provider_status if method.menu().provider_status_shown else ""
    public = {
        "order_code": payment.order_code,
        "kind": payment.method,
        "state": payment.state,
        "state_label": state_label(payment.state),
        "provider_status": status,
        "amount": payment.amount,
        "captured_amount": payment.captured_amount,
        "refunded_amount": payment.refunded_amount,
    }
    return public | (_private(payment) if holds_key(payment, key) else {})


def holds_key(payment: Payment, key: str) -> bool:
    """Return whether ``key`` opens the buyer's pages about this payment."""
    return bool(payment.page_key) and hmac.compare_digest(payment.page_key.encode(), key.encode())


def _private(payment: Payment) -> dict[str, Any]:
    number = payment.number
    return {
        "page_url": payment.page_url,
        "redirect_url": payment.redirect_url,
        "number": number.number if number else None,
        "number_label": number.label if number else None,
        "confirmation_number": number.confirmation_number if number else None,
        "due_at": number.due_at.isoformat() if number else None,
    }
