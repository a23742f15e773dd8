"""Calls staff if a mail that the buyer needs for paying did not arrive.

The call ends when a mail arrives or is not needed.
"""

from collections.abc import Mapping, Sequence

from checkout.orders.book import OrderBook, open_orders
from checkout.orders.heard.labels import NEVER_ARRIVED
from checkout.orders.rules.states import PAYMENT_MAIL_UNDELIVERED
from shared.database.transactions import Tx
from shared.events import MailSent, MailSuppressed

MAILS = "通知サービス"


async def follow_payment_mails(
    tx: Tx, events: Sequence[MailSent | MailSuppressed], called: Mapping[str, Sequence[str]]
) -> None:
    """Call staff for undelivered payment mails, and end the call after a delivery.

    ``called`` are the present calls by order. An order without a call whose mail arrives is not locked; that is almost
    every order. This never closes an order: a paid order has no such call, and an unmanaged payment has no such mail.
    """
    newest = {
        event.order_code: event
        for event in sorted(events, key=lambda event: event.occurred_at)
        if event.order_code is not None and event.needed_to_pay and _counts(event, called)
    }
    if not newest:
        return
    async with open_orders(tx, list(newest)) as book:
        for code, event in newest.items():
            _follow(book, code, event)


def _counts(event: MailSent | MailSuppressed, called: Mapping[str, Sequence[str]]) -> bool:
    if isinstance(event, MailSuppressed):
        return event.reason in NEVER_ARRIVED
    return PAYMENT_MAIL_UNDELIVERED in called.get(event.order_code or "", ())


def _follow(book: OrderBook, code: str, event: MailSent | MailSuppressed) -> None:
    order, arrived = book[code], isinstance(event, MailSent)
    if not arrived and not order.waits_for_buyer_to_pay:
        return
    book.move(
        code,
        "call",
        by=MAILS,
        at=event.occurred_at,
        reason="mail_sent" if arrived else PAYMENT_MAIL_UNDELIVERED,
    )
    others = tuple(word for word in order.own_calls if word != PAYMENT_MAIL_UNDELIVERED)
    own_calls = others if arrived else (*others, PAYMENT_MAIL_UNDELIVERED)
    book.set_standing(code, order.standing, own_calls=own_calls)
