"""The events that notifications consumes: orders, ended sessions, and every event with a mail.

The consumers of mails are generated. Each kind of mail in ``mails/texts/`` is one consumer on a queue with its name
(``shipped.customer.ja.txt`` is ``notifications.shipped_customer``). The queue gets all events that call for the mail.
"""

from collections.abc import Iterable

from notifications.mailing.end_orders import EndedOrders
from notifications.mailing.write_event_mails import write_event_mails
from notifications.mails.files import MailKind, find_mails
from notifications.mails.rendering import Mails
from notifications.orders.note_ended_money import note_ended_money
from notifications.orders.remember_orders import remember_orders
from shared.database.transactions import Tx
from shared.events import (
    CancellationMoneyChanged,
    Event,
    MailSuppressed,
    OrderCancelled,
    OrderPlaced,
    SessionsRevoked,
    ShopChanged,
)
from shared.messaging.consumers import Consumers, Handler
from shared.shop.identity.keep_identity import keep_identity
from shared.shop.revocations import revoke_sessions

consumers = Consumers("notifications")

# A mail may leave 0.2 s later, so that events that arrive together share a transaction.
LINGER_SECONDS = 0.2


# This consumer waits less than the others. An event that arrives before its order is stored is put off alone.
@consumers.on(OrderPlaced, linger_seconds=LINGER_SECONDS / 8)
async def remember_order(events: list[OrderPlaced], tx: Tx) -> None:
    """Store the buyer of an order: later events carry only the order code."""
    await remember_orders(tx, events)


@consumers.on(OrderCancelled, opens=EndedOrders)
async def end_order(event: OrderCancelled, tx: Tx, orders: EndedOrders) -> None:
    """Store that an order ended: waiting mails that ask for its money or promise its goods are not sent."""
    orders.end(event)


@consumers.on(CancellationMoneyChanged)
async def note_money(events: list[CancellationMoneyChanged], tx: Tx) -> None:
    """Store the new amounts of a cancelled order, so that a waiting mail contains them."""
    await note_ended_money(tx, events)


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """Refuse ended sessions at the pages of notifications too."""
    await revoke_sessions(tx, event)


@consumers.on(ShopChanged)
async def keep_shop(event: ShopChanged, tx: Tx) -> None:
    """Keep the identity of the shop for pages and mails: they show it within seconds (SHO-01)."""
    await keep_identity(tx, event)


def queue_mail(kind: MailKind) -> Handler:
    """Return the consuming function of one kind of mail."""

    async def queue(events: list[Event], tx: Tx, mails: Mails) -> list[MailSuppressed]:
        return await write_event_mails(tx, mails, kind, events)

    queue.__name__ = queue.__qualname__ = kind.name.replace(".", "_")
    queue.__doc__ = f"Queue the mail {kind.name}."
    return queue


def hear_mails(consumers: Consumers, kinds: Iterable[MailKind]) -> None:
    """Subscribe ``consumers`` to the events that call for mails of these ``kinds``."""
    for kind in kinds:
        consumers.on(*kind.events, linger_seconds=LINGER_SECONDS)(queue_mail(kind))


hear_mails(consumers, find_mails())
