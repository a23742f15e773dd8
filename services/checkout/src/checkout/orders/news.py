"""What other services said about an order, as a line of its timeline in words for staff.

Of the ``facts`` of a line the pages show a provider's own reason. What else is in them the former release reads; of a
payment, points or a member it is marked as kept in columns and rows (``payment_news.py``, ``benefits.py``).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checkout.orders.member_news import LINES_OF_MEMBERS_AND_MAILS
from checkout.orders.news_words import (
    ENDED,
    FAILED,
    NUMBER_VOIDED,
    REFUSED_BY_PROVIDER,
    REJECTED,
    ROUTE,
    SOURCE,
    TELLER,
)
from checkout.orders.order import Order
from checkout.orders.payment_news import excess_of, route_of
from checkout.orders.standing_news import standing_words
from checkout.orders.timeline import Line, TimelineEntry, Topic
from shared import events
from shared.clock import in_japan
from shared.events import Event

CLOCKS_DIFFER_MAX = timedelta(minutes=1)

# What is read of these topics stands in columns and rows as well.
_KEPT: tuple[Topic, ...] = ("payment", "points", "member")


def entry_of(event: Event, about: Order | str) -> TimelineEntry:
    """Return the line for ``event`` about an order, or its code. Money for a cancelled order is marked as such."""
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
    """Return the line for ``event`` about an order as it was ``before``; None where nothing new is to be read."""
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
    """Return the person whose deed it was, where the event names one; else the service that said it."""
    return getattr(event, "by", "") or TELLER.of(event.producer)


def _moment(event: Event) -> datetime:
    """When it happened: as its service said it, or as the provider did where that was much earlier.

    Providers tell whole seconds by their own clocks, which would put a capture above the shipping that led to
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


def _authorized(event: events.PaymentAuthorized) -> Line:
    text = f"¥{event.amount:,}　{event.instrument}".strip()
    if event.gift_balance_amount:
        text += f"（ギフト残高 ¥{event.gift_balance_amount:,}、カード ¥{event.card_amount:,}）"
    facts = {
        "kind": "authorization",
        "payment_id": str(event.payment_id),
        "authorization_id": event.authorization_id,
        "amount": event.amount,
        "card_amount": event.card_amount,
        "gift_balance_amount": event.gift_balance_amount,
        "instrument": event.instrument,
        "provider_status": event.provider_status,
    }
    return "payment", "done", "決済が承認されました", text, facts


def _number(event: events.PaymentNumberIssued) -> Line:
    due = f"{in_japan(event.due_at):%Y/%m/%d %H:%M}"
    facts = {"kind": "number", **event.model_dump(mode="json")}
    text = f"{event.chain_name}　{event.number_label} {event.number}　お支払い期限 {due}".strip()
    title = "お支払い番号を発行しました" if event.chain_name else "お支払い先をお知らせしました"
    title = "お客様がお支払い先を変更しました" if event.chosen_anew else title
    return "payment", "wait", title, text, facts


def _failed(event: events.PaymentFailed) -> Line:
    facts = {"kind": "failure", "reason": event.reason}
    return "payment", "stop", "決済が成立しませんでした", FAILED.of(event.reason), facts


def _expired(event: events.PaymentExpired) -> Line:
    due = f"{in_japan(event.due_at):%Y/%m/%d %H:%M}"
    return "payment", "stop", "お支払い期限が過ぎました", f"期限 {due}", {"kind": "expiry"}


def _captured(event: events.PaymentCaptured) -> Line:
    facts = {"kind": "capture", "amount": event.amount, "source": event.source}
    return (
        "payment",
        "done",
        "入金済みになりました",
        f"¥{event.amount:,}　{SOURCE.of(event.source)}",
        facts,
    )


def _rejected(event: events.CaptureRejected) -> Line:
    facts = {"kind": "rejection", "reason": event.reason}
    text = REJECTED.get(event.reason.partition(":")[0], REFUSED_BY_PROVIDER)
    return "payment", "stop", "入金処理ができませんでした", text, facts


def _voided(event: events.PaymentVoided) -> Line:
    return "payment", "note", "与信を取り消しました", "", {"kind": "void"}


def _refunded(event: events.PaymentRefunded) -> Line:
    facts = {"kind": "refund", "amount": event.amount, "excess": excess_of(event), "route": route_of(event)}
    left = f"　お預かり残高 ¥{event.remaining_amount:,}" if event.remaining_amount else ""
    if event.by_dispute:
        return "payment", "stop", "チャージバックで代金が回収されました", f"¥{event.amount:,}{left}", facts
    text = f"{ROUTE.of(event.route)}{left}"
    return "payment", "note", _refund_title(event), text, facts


def _refund_taken_back(event: events.RefundTakenBack) -> Line:
    facts = {"kind": "refund_taken_back", "amount": event.amount, "route": route_of(event)}
    left = f"　お預かり残高 ¥{event.remaining_amount:,}" if event.remaining_amount else ""
    if event.by_dispute:
        title = f"チャージバックによる返金 ¥{event.amount:,} を取り消しました"
        return "payment", "stop", title, f"代金は回収されていませんでした。{left}", facts
    text = f"{ROUTE.of(event.route)}{left}　実際には返金していませんでした。"
    return "payment", "stop", f"返金 ¥{event.amount:,} の記録を取り消しました", text, facts


def _refund_title(event: events.PaymentRefunded) -> str:
    excess = excess_of(event)
    if excess == event.amount:
        return f"過入金 ¥{excess:,}を返金しました"
    return f"¥{event.amount:,}を返金しました" + (f"（うち過入金 ¥{excess:,}）" if excess else "")


def _authorization_ended(event: events.AuthorizationEnded) -> Line:
    facts = {"kind": "authorization_ended", "authorization_id": event.authorization_id}
    return "payment", "stop", "与信が切れました", ENDED.of(event.reason), facts


_LINES: dict[type[Event], Callable[[Any], Line]] = {
    events.PaymentAuthorized: _authorized,
    events.PaymentNumberIssued: _number,
    events.PaymentFailed: _failed,
    events.PaymentExpired: _expired,
    events.PaymentCaptured: _captured,
    events.CaptureRejected: _rejected,
    events.PaymentVoided: _voided,
    events.PaymentRefunded: _refunded,
    events.RefundTakenBack: _refund_taken_back,
    events.AuthorizationEnded: _authorization_ended,
    **LINES_OF_MEMBERS_AND_MAILS,
}
