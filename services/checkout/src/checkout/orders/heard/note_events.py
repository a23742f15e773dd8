"""Notes the work of other services for orders: timeline entries, and rows that pages show."""

from collections.abc import Sequence

from checkout.orders.heard.entries import entry_of
from checkout.orders.heard.follow_mails import follow_payment_mails
from checkout.orders.timeline import add_entries, known_orders
from checkout.orders.told.benefits import add_benefits, add_memberships, benefits_of, memberships_of
from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import Event, MailSent, MailSuppressed


async def note_events(tx: Tx, events: Sequence[Event]) -> None:
    """Add an entry for each event that names an order, and store its facts about benefits and membership.

    Raises TryAgain for an unknown order. One statement sends everything.
    """
    about = [(event, code) for event in events if (code := getattr(event, "order_code", None))]
    codes = [code for _, code in about]
    known = await known_orders(tx, codes)
    missing = set(codes) - known.keys()
    if missing:
        raise TryAgain(f"{', '.join(sorted(missing))}: no such order here")
    await add_entries(tx, [entry_of(event, code) for event, code in about])
    await add_benefits(tx, [benefit for event, code in about for benefit in benefits_of(event, code)])
    await add_memberships(tx, [one for event, code in about for one in memberships_of(event, code)])
    mails = [event for event in events if isinstance(event, MailSent | MailSuppressed)]
    await follow_payment_mails(tx, mails, known)
