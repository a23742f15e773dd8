"""What notifications hears: orders, to know their buyers; ended sessions; and whatever has a mail.

The consumers of mails are not written here: each file in ``mails/`` is one, on a queue named after it
(``shipped.customer.ja.txt`` is ``notifications.shipped_customer``) that gets all the events that the file hears.
"""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from notifications.domain.sending import MailSetting, Send, Suppress, decide
from notifications.end_orders import EndedOrders
from notifications.mail_files import MailFile, find_mails
from notifications.message import envelope_address
from notifications.news import suppressed
from notifications.one_time_links import kept_of
from notifications.storage import contacts
from notifications.storage.mail_settings import setting_of
from notifications.storage.mails import NewMail, write_down
from notifications.templates import Mails, in_one_line
from shared.clock import now
from shared.consumers import Consumers, Handler
from shared.database import Tx
from shared.errors import TryAgain
from shared.events import Event, MailSuppressed, OrderCancelled, OrderPlaced, SessionsRevoked
from shared.ids import new_id
from shared.revocations import revoke_sessions

consumers = Consumers("notifications")

# Nobody waits for a mail to the blink of an eye.
LINGER_SECONDS = 0.2


# Sooner than any mail about the order is written: what comes before it is put off, and each alone.
@consumers.on(OrderPlaced, linger_seconds=LINGER_SECONDS / 8)
async def remember_order(events: list[OrderPlaced], tx: Tx) -> None:
    """Keep whom an order belongs to: later events carry only its code."""
    await contacts.remember(tx, [in_one_line(event) for event in events])


@consumers.on(OrderCancelled, opens=EndedOrders)
async def end_order(event: OrderCancelled, tx: Tx, orders: EndedOrders) -> None:
    """Keep that an order ended: what would ask for its money, or promise its goods, does not leave any more."""
    orders.end(event)


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """Refuse ended sessions at our own pages too."""
    await revoke_sessions(tx, event)


def queue_mail(file: MailFile) -> Handler:
    """Return the consuming function of one mail."""

    async def queue(events: list[Event], tx: Tx, mails: Mails) -> list[MailSuppressed]:
        return await write_mails(file, events, tx, mails)

    queue.__name__ = queue.__qualname__ = file.name.replace(".", "_")
    queue.__doc__ = f"Queue the mail {file.path.name}."
    return queue


async def write_mails(file: MailFile, events: list[Any], tx: Tx, mails: Mails) -> list[MailSuppressed]:
    """Write down the mails of ``events``, rendered now: they say what was true when the event was heard (N2).

    Raises TryAgain while the order that an event is about has not been heard of.
    """
    if not mails.asks_about_order(file):
        events = [event for event in events if mails.is_called_for(file, event)]
    if not events:
        return []
    setting = await setting_of(tx, file.name)
    orders = await _orders(file, events, tx)
    new: list[NewMail] = []
    for event in events:
        order = orders.get(event.order_code) if file.about_an_order else None
        if file.about_an_order and order is None:
            raise TryAgain("the order has not been heard of yet")
        if mails.is_called_for(file, event, order):
            new.append(_written(file, event, order, setting, mails))
    # Of two that call for the only mail of an order the first one counts.
    stored = await write_down(tx, new)
    first = {mail.mail_id: mail for mail in reversed(new) if mail.mail_id in stored}
    return [suppressed(mail, mail.reason) for mail in first.values() if mail.reason is not None]


def _written(
    file: MailFile, event: Any, order: OrderPlaced | None, setting: MailSetting, mails: Mails
) -> NewMail:
    """Return the mail of ``file`` for ``event``, to be sent or, for a reason, not to be."""
    typed = order.orderer.email if order else event.email
    recipient = envelope_address(typed)
    decision = decide(
        event,
        setting,
        has_address=recipient is not None,
        may_wait=mails.may_wait(file, event, order),
    )
    words = mails.render(file, event, order)
    mail_id = _the_only_one(file, order) if file.once_per_order and order else new_id()
    return NewMail(
        mail_id=mail_id,
        event_id=event.event_id,
        mail=file.name,
        recipient=recipient or in_one_line(typed),
        message_id=f"<{mail_id}@{mails.shop.mail.rpartition('@')[2]}>",
        subject=words.subject,
        text=words.text,
        title=words.title,
        created_at=now(),
        state="queued" if isinstance(decision, Send) else "suppressed",
        due_at=event.occurred_at + decision.delay if isinstance(decision, Send) else None,
        reason=decision.reason if isinstance(decision, Suppress) else None,
        order_code=getattr(event, "order_code", None),
        member_id=_member(event, order),
        link=kept_of(event),
        traceparent=event.traceparent,
    )


def _the_only_one(file: MailFile, order: OrderPlaced) -> UUID:
    """Return the id of the only mail of this kind that an order gets, whatever calls for it."""
    return uuid5(NAMESPACE_URL, f"{file.name}/{order.order_code}")


async def _orders(file: MailFile, events: list[Any], tx: Tx) -> dict[str, OrderPlaced]:
    """The orders that ``events`` are about; OrderPlaced itself is one."""
    if not file.about_an_order:
        return {}
    told = {event.order_code: event for event in events if isinstance(event, OrderPlaced)}
    others = [event.order_code for event in events if event.order_code not in told]
    return told | (await contacts.orders_of(tx, others) if others else {})


def _member(event: Event, order: OrderPlaced | None) -> UUID | None:
    return order.member_id if order else getattr(event, "member_id", None)


for _file in find_mails():
    consumers.on(*_file.events, linger_seconds=LINGER_SECONDS)(queue_mail(_file))
