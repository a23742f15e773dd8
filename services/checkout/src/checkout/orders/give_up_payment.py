"""A buyer gives up a payment, to choose another method."""

from datetime import datetime

from checkout.orders.book import open_orders
from checkout.orders.cancel_order import end_order
from shared.database.transactions import Tx
from shared.errors import Refused

BY = "お客様"
OTHER_METHOD = "お客様が別のお支払い方法を選ぶため"


async def give_up_payment(tx: Tx, *, order_code: str, at: datetime) -> None:
    """Cancel an unpaid payment. Payments voids or refunds an authorization or deposit that arrives later.

    Raises Refused if the order is unknown, or if payments has reported about the payment meanwhile.
    """
    async with open_orders(tx, [order_code]) as book:
        order = book[order_code]
        if order.status == "cancelled" or order.payment != "awaited":
            raise Refused(
                "order_not_failed", "お支払いの状況が変わりました。ご注文の画面を開き直してください。"
            )
        await end_order(
            tx,
            book,
            order_code,
            reason="payment_failed",
            note=OTHER_METHOD,
            by=BY,
            at=at,
            send_mail=False,
        )
