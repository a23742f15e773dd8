"""Timeline entries about events of other services, worded for staff.

Pages show one of the ``facts``: the provider's own reason. The other facts serve the former release. Entries about a
payment, points or a member are marked as kept, because columns and rows hold their data (folder ``told``).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checkout.orders.heard.labels import NUMBER_VOIDED, TELLER
from checkout.orders.heard.member_lines import LINES_OF_MEMBERS_AND_MAILS
from checkout.orders.heard.payment_lines import LINES_OF_PAYMENTS
from checkout.orders.heard.standing_line import standing_words
from checkout.orders.rules.order import Order
from checkout.orders.timeline import TimelineEntry, TimelineLine, Topic
from shared import events
from shared.events import Event

CLOCKS_DIFFER_MAX = timedelta(minutes=1)

# The facts of these topics are also stored in columns and rows.
_KEPT: tuple[Topic, ...] = ("payment", "points", "member")


_LINES: dict[type[Event], Callable[[Any], TimelineLine]] = {**LINES_OF_PAYMENTS, **LINES_OF_MEMBERS_AND_MAILS}


def entry_of(event: Event, about: Order | str) -> TimelineEntry:
    """Return the entry for ``event`` about an order or its code. Money for a cancelled order is marked."""
    order = about if isinstance(about, Order) else None
    topic, kind, title, text, facts = _LINES[type(event)](event)
    entry = TimelineEntry(
        order_code=order.code if order else str(about),
        at=_moment(event),
        topic=topic,
        kind=kind,
        title=title,
        text=text,
        by=_who(event),
        facts={**facts, "kept": True} if topic in _KEPT else facts,
        event_id=event.event_id,
    )
    if order is None:
        return entry
    if isinstance(event, events.PaymentVoided) and order.payment_flow == "prepaid":
        return replace(entry, title=NUMBER_VOIDED.get(order.payment_deposit, title))
    if order.status == "cancelled" and isinstance(event, events.PaymentCaptured | events.PaymentAuthorized):
        return replace(
            entry,
            kind="stop",
            title=f"キャンセル後に「{title}」の連絡がありました",
            text=f"{text}　決済サービスが取消・返金します。",
        )
    return entry


def standing_entry(event: events.PaymentStandingChanged, before: Order) -> TimelineEntry | None:
    """Return the entry for ``event``, compared with the order ``before`` it. Return None if nothing is new."""
    words = standing_words(event, before)
    if words is None:
        return None
    title, text = words
    return TimelineEntry(
        order_code=before.code,
        at=_moment(event),
        topic="payment",
        kind="stop" if event.calls else "done",
        title=title,
        text=text,
        by=_who(event),
        facts={"kind": "standing", **event.model_dump(mode="json")},
        event_id=event.event_id,
    )


def _who(event: Event) -> str:
    """Return the person who acted, if the event names one. Otherwise return the service that published it."""
    return getattr(event, "by", "") or TELLER.of(event.producer)


def _moment(event: Event) -> datetime:
    """Return the time of the event. If the provider's time is much earlier, return that.

    Providers report whole seconds of their own clocks. Such a time could put a capture before the shipping that caused
    it. A deposit entered by hand has only a day, which may begin before the order.
    """
    told = event.occurred_at
    if isinstance(event, events.PaymentCaptured) and event.source != "manual_deposit":
        told = event.captured_at
    elif isinstance(event, events.PaymentAuthorized):
        told = event.authorized_at
    elif isinstance(event, events.MemberRegistered):
        told = event.registered_at
    return told if abs(event.occurred_at - told) > CLOCKS_DIFFER_MAX else event.occurred_at
