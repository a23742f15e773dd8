"""An order follows the state of its payment: authorized, lapsed, number issued, failed, expired or voided."""

from checkout.orders.book import OrderBook
from checkout.orders.cancel_order import end_order
from checkout.orders.heard.entries import entry_of
from checkout.orders.heard.follow import PAYMENTS, follow, known_order
from checkout.orders.rules.money_moves import WATCHED, void_move
from checkout.orders.rules.standing import covered_again, lapsed
from checkout.orders.told.payment import authorizations_of
from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import (
    AuthorizationEnded,
    PaymentAuthorized,
    PaymentExpired,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentVoided,
)
from shared.text.search_words import words_of_numbers


def follow_authorization(book: OrderBook, event: PaymentAuthorized) -> None:
    """Make an order 承認済. A new authorization replaces one that ended."""
    before = follow(book, "authorize", event)
    if before is not None and before.payment != "awaited":
        book.set_standing(before.code, covered_again(before.standing))


async def follow_end_of_authorization(tx: Tx, book: OrderBook, event: AuthorizationEnded) -> None:
    """Make an order 与信切れ if its newest authorization ended. Otherwise only note the event.

    Raises TryAgain for the end of an authorization that was not reported yet.
    """
    order = known_order(book, event)
    if order.status != "cancelled" and event.authorization_id and order.payment in WATCHED:
        told = await authorizations_of(tx, order.code)
        if event.authorization_id not in told:
            raise TryAgain(f"{event.type} of {order.code} came before its authorization")
        if event.authorization_id != told[0]:
            book.note(entry_of(event, order))
            return
    follow(book, "lapse", event)
    book.set_standing(order.code, lapsed(book[order.code].standing, event))


def follow_number(book: OrderBook, event: PaymentNumberIssued) -> None:
    """Let an order wait for the money of its payment number. The desk finds the order by that number."""
    follow(book, "issue_number", event)
    # All transfers share one account, so its number does not identify an order.
    if event.number.isdecimal():
        book.find_by(event.order_code, words_of_numbers(event.number))


async def follow_failure(tx: Tx, book: OrderBook, event: PaymentFailed) -> None:
    """End an order that cannot be paid."""
    code = event.order_code
    if follow(book, "fail", event) and book[code].may("cancel"):
        await end_order(tx, book, code, reason="payment_failed", by=PAYMENTS, at=event.occurred_at)


async def follow_expiry(tx: Tx, book: OrderBook, event: PaymentExpired) -> None:
    """End an order whose deadline passed without payment."""
    code = event.order_code
    if follow(book, "expire", event) and book[code].may("cancel"):
        await end_order(tx, book, code, reason="unpaid", by=PAYMENTS, at=event.occurred_at)


def follow_void(book: OrderBook, event: PaymentVoided) -> None:
    """Note that a hold or a payment number ended. An order that continues has then lost its authorization (AP-34)."""
    follow(book, void_move(known_order(book, event)), event)
