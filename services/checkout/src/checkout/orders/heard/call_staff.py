"""Calls staff because of an event in the order itself. The call lasts until staff have seen it."""

from checkout.orders.book import OrderBook
from checkout.orders.heard.entries import entry_of
from checkout.orders.heard.follow import known_order
from checkout.orders.told.benefits import add_memberships, memberships_of
from shared.events import BenefitShortageFound, RegistrationRefused

MEMBERS = "会員サービス"


def call_staff(book: OrderBook, event: BenefitShortageFound | RegistrationRefused) -> None:
    """Call staff for a benefit that could not be redeemed, or for a registration that was refused."""
    order = known_order(book, event)
    call = "benefit_shortage" if isinstance(event, BenefitShortageFound) else "registration_refused"
    book.move(order.code, "call", by=MEMBERS, at=event.occurred_at, reason=call)
    own_calls = tuple(dict.fromkeys((*order.own_calls, call)))
    book.set_standing(order.code, order.standing, own_calls=own_calls)
    book.note(entry_of(event, order))
    book.do_at_last(add_memberships, *memberships_of(event, order.code))
