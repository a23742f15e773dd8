"""What other services did for orders stands on their timelines."""

from collections.abc import Sequence

from checkout.orders.follow_mails import follow_payment_mails
from checkout.orders.news import entry_of
from checkout.orders.timeline import add_entries, known_orders
from shared.database import Tx
from shared.errors import TryAgain
from shared.events import Event, MailSent, MailSuppressed


async def note_news(tx: Tx, events: Sequence[Event]) -> None:
    """Add a line for each event that names an order. Raises TryAgain for an order that is not ours."""
    about = {event.event_id: code for event in events if (code := getattr(event, "order_code", None))}
    known = await known_orders(tx, list(about.values()))
    missing = set(about.values()) - known.keys()
    if missing:
        raise TryAgain(f"{', '.join(sorted(missing))}: no such order here")
    await add_entries(
        tx, [entry_of(event, about[event.event_id]) for event in events if event.event_id in about]
    )
    mails = [event for event in events if isinstance(event, MailSent | MailSuppressed)]
    await follow_payment_mails(tx, mails, known)
