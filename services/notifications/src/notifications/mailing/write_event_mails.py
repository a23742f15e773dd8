"""Creates the mail for an event from the mail's file: address, whether it is sent, and the present text."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from notifications.mail_settings.rows import setting_of
from notifications.mail_settings.rules import MailSetting, decide
from notifications.mailing.message import envelope_address
from notifications.mailing.one_time_links import kept_of
from notifications.mailing.render_again import kept_event
from notifications.mailing.store_mails import NewMail
from notifications.mailing.write_mail import Purpose, new_mail, write_all
from notifications.mails.files import MailKind
from notifications.mails.rendering import Mails
from notifications.orders.rows import orders_of
from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import Event, MailSuppressed, OrderPlaced
from shared.ids import new_id


async def write_event_mails(
    tx: Tx, mails: Mails, kind: MailKind, events: Sequence[Any]
) -> list[MailSuppressed]:
    """Store the mails of ``events``, rendered with the facts at the time of consumption (N2).

    Raises TryAgain while the order of an event is unknown.
    """
    if not mails.asks_about_order(kind):
        events = [event for event in events if mails.is_called_for(kind, event)]
    if not events:
        return []
    setting = await setting_of(tx, kind)
    await mails.known_shop.refresh_in(tx)
    orders = await _orders(tx, kind, events)
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
    """Return the mail of ``kind`` for ``event``. It will be sent, or has a reason not to be."""
    typed = mails.address_of(kind, event, order)
    decision = decide(
        setting,
        has_address=envelope_address(typed) is not None,
        may_wait=mails.may_wait(kind, event, order),
        paid=event if kind.head.by_method else None,
    )
    purpose = Purpose(
        name=kind.name,
        audience=kind.audience.code,
        lane=kind.lane,
        event_id=event.event_id,
        order_code=getattr(event, "order_code", None),
        member_id=_member(event, order),
        # Everyone with the link can open the account, so only the member gets this mail.
        link=kept_of(event) if kind.audience.told_by_events else None,
        event=kept_event(event) if kind.head.retold else None,
        needed_to_pay=kind.head.needed_to_pay and kind.audience.told_by_events,
        traceparent=event.traceparent,
    )
    return new_mail(
        mails,
        mails.render(kind, event, order),
        purpose,
        _the_only_one(kind, order) if kind.head.once_per_order and order else new_id(),
        typed=typed,
        decision=decision,
        due_from=event.occurred_at,
    )


def _the_only_one(kind: MailKind, order: OrderPlaced) -> UUID:
    """Return the id of the only mail of this kind for an order. All events that call for it have the same id."""
    return uuid5(NAMESPACE_URL, f"{kind.name}/{order.order_code}")


async def _orders(tx: Tx, kind: MailKind, events: Sequence[Any]) -> dict[str, OrderPlaced]:
    """Return the orders of ``events``. OrderPlaced itself contains its order."""
    if not kind.about_an_order:
        return {}
    told = {event.order_code: event for event in events if isinstance(event, OrderPlaced)}
    others = [event.order_code for event in events if event.order_code not in told]
    return told | (await orders_of(tx, others) if others else {})


def _member(event: Event, order: OrderPlaced | None) -> UUID | None:
    return order.member_id if order else getattr(event, "member_id", None)
