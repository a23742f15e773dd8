"""What other services said about an order, as a line of its timeline in words for staff.

``facts`` of a line about points or the member are what the blocks of the order page are made of: ``kind`` tells which.
Those of a payment are read by the former release alone, and marked as kept in columns (``payment_news.py``).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checkout.orders.news_words import (
    BENEFIT,
    ENDED,
    FAILED,
    GRANTED,
    REFUSED_BY_PROVIDER,
    REFUSED_REGISTRATION,
    REJECTED,
    ROUTE,
    SOURCE,
    SUPPRESSED,
    UNDELIVERED,
)
from checkout.orders.order import Order
from checkout.orders.payment_news import excess_of
from checkout.orders.standing_news import standing_words
from checkout.orders.timeline import Kind, TimelineEntry, Topic
from shared import events
from shared.clock import in_japan
from shared.events import Event

WHO = {"payments": "決済サービス", "members": "会員サービス", "notifications": "通知サービス"}

CLOCKS_DIFFER_MAX = timedelta(minutes=1)

_Line = tuple[Topic, Kind, str, str, dict[str, Any]]


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
        facts={**facts, "kept": True} if topic == "payment" else facts,
        event_id=event.event_id,
    )
    if order is None:
        return entry
    if isinstance(event, events.PaymentVoided) and order.payment_flow == "prepaid":
        return replace(entry, title=_NUMBER_VOIDED.get(order.payment_deposit, title))
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
    return getattr(event, "by", "") or WHO[event.producer]


_NUMBER_VOIDED = {
    "automatic": "お支払い番号を無効にしました",
    "by_hand": "お振込先のご案内を無効にしました",
}


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


def _authorized(event: events.PaymentAuthorized) -> _Line:
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


def _number(event: events.PaymentNumberIssued) -> _Line:
    due = f"{in_japan(event.due_at):%Y/%m/%d %H:%M}"
    facts = {"kind": "number", **event.model_dump(mode="json")}
    text = f"{event.chain_name}　{event.number_label} {event.number}　お支払い期限 {due}".strip()
    title = "お支払い番号を発行しました" if event.chain_name else "お支払い先をお知らせしました"
    title = "お客様がお支払い先を変更しました" if event.chosen_anew else title
    return "payment", "wait", title, text, facts


def _failed(event: events.PaymentFailed) -> _Line:
    facts = {"kind": "failure", "reason": event.reason}
    return "payment", "stop", "決済が成立しませんでした", FAILED.of(event.reason), facts


def _expired(event: events.PaymentExpired) -> _Line:
    due = f"{in_japan(event.due_at):%Y/%m/%d %H:%M}"
    return "payment", "stop", "お支払い期限が過ぎました", f"期限 {due}", {"kind": "expiry"}


def _captured(event: events.PaymentCaptured) -> _Line:
    facts = {"kind": "capture", "amount": event.amount, "source": event.source}
    return (
        "payment",
        "done",
        "入金済みになりました",
        f"¥{event.amount:,}　{SOURCE.of(event.source)}",
        facts,
    )


def _rejected(event: events.CaptureRejected) -> _Line:
    facts = {"kind": "rejection", "reason": event.reason}
    text = REJECTED.get(event.reason.partition(":")[0], REFUSED_BY_PROVIDER)
    return "payment", "stop", "入金処理ができませんでした", text, facts


def _voided(event: events.PaymentVoided) -> _Line:
    return "payment", "note", "与信を取り消しました", "", {"kind": "void"}


def _refunded(event: events.PaymentRefunded) -> _Line:
    route = "dispute" if event.by_dispute else event.route
    facts = {"kind": "refund", "amount": event.amount, "excess": excess_of(event), "route": route}
    left = f"　お預かり残高 ¥{event.remaining_amount:,}" if event.remaining_amount else ""
    if event.by_dispute:
        return "payment", "stop", "チャージバックで代金が回収されました", f"¥{event.amount:,}{left}", facts
    text = f"{ROUTE.of(event.route)}{left}"
    return "payment", "note", _refund_title(event), text, facts


def _refund_taken_back(event: events.RefundTakenBack) -> _Line:
    facts = {"kind": "refund_taken_back", "amount": event.amount, "route": event.route}
    left = f"　お預かり残高 ¥{event.remaining_amount:,}" if event.remaining_amount else ""
    text = f"{ROUTE.of(event.route)}{left}　実際には返金していませんでした。"
    return "payment", "stop", f"返金 ¥{event.amount:,} の記録を取り消しました", text, facts


def _refund_title(event: events.PaymentRefunded) -> str:
    excess = excess_of(event)
    if excess == event.amount:
        return f"過入金 ¥{excess:,}を返金しました"
    return f"¥{event.amount:,}を返金しました" + (f"（うち過入金 ¥{excess:,}）" if excess else "")


def _authorization_ended(event: events.AuthorizationEnded) -> _Line:
    facts = {"kind": "authorization_ended", "authorization_id": event.authorization_id}
    return "payment", "stop", "与信が切れました", ENDED.of(event.reason), facts


_UNIT = {"points": ("", "ポイント"), "coupon": ("¥", "")}


def _benefit_short(event: events.BenefitShortageFound) -> _Line:
    facts = {"kind": "shortage", "benefit": event.benefit, "missing": event.missing}
    before, after = _UNIT.get(event.benefit, ("", ""))
    title = f"{BENEFIT.of(event.benefit)}を引き落とせませんでした"
    text = f"不足 {before}{event.missing:,}{after}。値引き分は店舗の負担です（{event.reason}）"
    return "points", "stop", title, text, facts


def _registration_refused(event: events.RegistrationRefused) -> _Line:
    text = REFUSED_REGISTRATION.of(event.reason)
    return "member", "stop", "会員登録は行われませんでした", text, {"kind": "registration_refused"}


def _points_used(event: events.PointsUsed) -> _Line:
    facts = {"kind": "used", "points": event.points}
    return "points", "note", "ポイントを利用しました", f"{event.points:,}ポイント", facts


def _points_granted(event: events.PointsGranted) -> _Line:
    facts = {"kind": f"granted_{event.state}", "points": event.points}
    text = f"{event.points:,}ポイント（{GRANTED.of(event.state)}）"
    return "points", "note", "ポイントを付与しました", text, facts


def _points_activated(event: events.PointsActivated) -> _Line:
    facts = {"kind": "activated", "points": event.points}
    return "points", "done", "ポイントが有効になりました", f"{event.points:,}ポイント", facts


def _points_returned(event: events.PointsReturned) -> _Line:
    facts = {"kind": "returned", "points": event.points_returned, "revoked": event.points_revoked}
    text = f"返却 {event.points_returned:,}ポイント、付与の取消 {event.points_revoked:,}ポイント"
    return "points", "note", "ポイントを元に戻しました", text, facts


def _coupon_issued(event: events.CouponIssued) -> _Line:
    facts = {"kind": "coupon_issued", "coupon": event.name}
    return "points", "note", "クーポンを発行しました", event.name, facts


def _coupon_redeemed(event: events.CouponRedeemed) -> _Line:
    facts = {"kind": "coupon_redeemed", "coupon": event.name}
    text = f"{event.name}　¥{event.discount:,}引き" if event.discount else event.name
    return "points", "note", "クーポンを利用しました", text, facts


def _coupon_returned(event: events.CouponReturned) -> _Line:
    facts = {"kind": "coupon_returned", "coupon": event.name}
    text = event.name if event.usable else f"{event.name}（有効期限を過ぎているため利用できません）"
    return "points", "note", "クーポンを元に戻しました", text, facts


def _registered(event: events.MemberRegistered) -> _Line:
    return "member", "done", "会員登録されました", "", {"kind": "registered"}


def _linked(event: events.AmazonAccountLinked) -> _Line:
    return "member", "done", "Amazonアカウントと連携されました", "", {"kind": "linked"}


def _mail_sent(event: events.MailSent) -> _Line:
    facts = {"kind": "sent", "mail": event.mail, "subject": event.subject, "mail_id": str(event.mail_id)}
    return "mail", "done", "メールを送信しました", event.subject, facts


def _mail_suppressed(event: events.MailSuppressed) -> _Line:
    facts = {
        "kind": "suppressed",
        "mail": event.mail,
        "reason": event.reason,
        "mail_id": str(event.mail_id),
    }
    text = f"{event.title or event.mail}：{SUPPRESSED.of(event.reason)}"
    if event.reason in UNDELIVERED:
        return "mail", "stop", "メールは未達です", text, facts
    return "mail", "plain", "メールは送信していません", text, facts


_LINES: dict[type[Event], Callable[[Any], _Line]] = {
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
    events.BenefitShortageFound: _benefit_short,
    events.RegistrationRefused: _registration_refused,
    events.PointsUsed: _points_used,
    events.PointsGranted: _points_granted,
    events.PointsActivated: _points_activated,
    events.PointsReturned: _points_returned,
    events.CouponIssued: _coupon_issued,
    events.CouponRedeemed: _coupon_redeemed,
    events.CouponReturned: _coupon_returned,
    events.MemberRegistered: _registered,
    events.AmazonAccountLinked: _linked,
    events.MailSent: _mail_sent,
    events.MailSuppressed: _mail_suppressed,
}
