"""A mail that the buyer needs to pay did not arrive: staff are called, until it did or the buyer knows otherwise."""

from collections.abc import Mapping, Sequence

from checkout.orders.book import OrderBook, open_orders
from checkout.orders.heard.words import NEVER_ARRIVED
from checkout.orders.rules.states import PAYMENT_MAIL_UNDELIVERED
from shared.database.transactions import Tx
from shared.events import MailSent, MailSuppressed

MAILS = "通知サービス"


async def follow_payment_mails(
    tx: Tx, events: Sequence[MailSent | MailSuppressed], called: Mapping[str, Sequence[str]]
) -> None:
    """Call staff for mails to pay by that did not arrive, and no more once they did.

    ``called`` are the words by which staff are called already, by order: one whose mails arrive at once, as almost all
    do, is not even locked. No order closes by this: one that is paid is not called for any more, and a mail to pay by
    is never about one that nobody pays through us.
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
