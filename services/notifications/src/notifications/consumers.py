"""What notifications hears: orders, to know their buyers; ended sessions; and whatever has a mail.

The consumers of mails are not written here: each kind of mail in ``mails/`` is one, on a queue named after it
(``shipped.customer.ja.txt`` is ``notifications.shipped_customer``) that gets all the events that the mail hears.
"""

from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from notifications.domain.sending import MailSetting, decide
from notifications.end_orders import EndedOrders
from notifications.mail_files import MailKind, find_mails
from notifications.message import envelope_address
from notifications.one_time_links import kept_of
from notifications.storage import contacts
from notifications.storage.mail_settings import setting_of
from notifications.storage.mails import NewMail
from notifications.templates import Mails, in_one_line
from notifications.write_mail import Purpose, new_mail, write_all
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


def queue_mail(kind: MailKind) -> Handler:
    """Return the consuming function of one kind of mail."""

    async def queue(events: list[Event], tx: Tx, mails: Mails) -> list[MailSuppressed]:
        return await write_mails(kind, events, tx, mails)

    queue.__name__ = queue.__qualname__ = kind.name.replace(".", "_")
    queue.__doc__ = f"Queue the mail {kind.name}."
    return queue


async def write_mails(kind: MailKind, events: list[Any], tx: Tx, mails: Mails) -> list[MailSuppressed]:
    """Write down the mails of ``events``, rendered now: they say what was true when the event was heard (N2).

    Raises TryAgain while the order that an event is about has not been heard of.
    """
    if not mails.asks_about_order(kind):
        events = [event for event in events if mails.is_called_for(kind, event)]
    if not events:
        return []
    setting = await setting_of(tx, kind.default_setting)
    orders = await _orders(kind, events, tx)
    new: list[NewMail] = []
    for event in events:
        order = orders.get(event.order_code) if kind.about_an_order else None
        if kind.about_an_order and order is None:
            raise TryAgain("the order has not been heard of yet")
        if mails.is_called_for(kind, event, order):
            new.append(_written(kind, event, order, setting, mails))
    return await write_all(tx, new)


def _written(
    kind: MailKind, event: Any, order: OrderPlaced | None, setting: MailSetting, mails: Mails
) -> NewMail:
    """Return the mail of ``kind`` for ``event``, to be sent or, for a reason, not to be."""
    typed = mails.address_of(kind, event, order)
    decision = decide(
        setting,
        has_address=envelope_address(typed) is not None,
        may_wait=mails.may_wait(kind, event, order),
        paid=event if kind.by_method else None,
    )
    purpose = Purpose(
        name=kind.name,
        audience=kind.audience.code,
        lane=kind.lane,
        event_id=event.event_id,
        order_code=getattr(event, "order_code", None),
        member_id=_member(event, order),
        # Whoever holds the link opens the account: it is for the member alone.
        link=kept_of(event) if kind.audience.told_by_events else None,
        traceparent=event.traceparent,
    )
    return new_mail(
        mails,
        mails.render(kind, event, order),
        purpose,
        _the_only_one(kind, order) if kind.once_per_order and order else new_id(),
        typed=typed,
        decision=decision,
        due_from=event.occurred_at,
    )


def _the_only_one(kind: MailKind, order: OrderPlaced) -> UUID:
    """Return the id of the only mail of this kind that an order gets, whatever calls for it."""
    return uuid5(NAMESPACE_URL, f"{kind.name}/{order.order_code}")


async def _orders(kind: MailKind, events: list[Any], tx: Tx) -> dict[str, OrderPlaced]:
    """The orders that ``events`` are about; OrderPlaced itself is one."""
    if not kind.about_an_order:
        return {}
    told = {event.order_code: event for event in events if isinstance(event, OrderPlaced)}
    others = [event.order_code for event in events if event.order_code not in told]
    return told | (await contacts.orders_of(tx, others) if others else {})


def _member(event: Event, order: OrderPlaced | None) -> UUID | None:
    return order.member_id if order else getattr(event, "member_id", None)


def hear_mails(consumers: Consumers, kinds: Iterable[MailKind]) -> None:
    """Let ``consumers`` hear what calls for mails of these ``kinds``."""
    for kind in kinds:
        consumers.on(*kind.events, linger_seconds=LINGER_SECONDS)(queue_mail(kind))


hear_mails(consumers, find_mails())
