"""Timeline lines for events of payments, worded for staff."""

from collections.abc import Callable
from typing import Any

from checkout.orders.heard.labels import ENDED, FAILED, REFUSED_BY_PROVIDER, REJECTED, ROUTE, SOURCE
from checkout.orders.timeline import TimelineLine
from checkout.orders.told.payment_events import route_of
from shared import events
from shared.clock import in_japan
from shared.events import Event


def _authorized(event: events.PaymentAuthorized) -> TimelineLine:
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


def _number(event: events.PaymentNumberIssued) -> TimelineLine:
    due = f"{in_japan(event.due_at):%Y/%m/%d %H:%M}"
    facts = {"kind": "number", **event.model_dump(mode="json")}
    text = f"{event.chain_name}　{event.number_label} {event.number}　お支払い期限 {due}".strip()
    title = "お支払い番号を発行しました" if event.chain_name else "お支払い先をお知らせしました"
    title = "お客様がお支払い先を変更しました" if event.chosen_anew else title
    return "payment", "wait", title, text, facts


def _failed(event: events.PaymentFailed) -> TimelineLine:
    facts = {"kind": "failure", "reason": event.reason}
    return "payment", "stop", "決済が成立しませんでした", FAILED.of(event.reason), facts


def _expired(event: events.PaymentExpired) -> TimelineLine:
    due = f"{in_japan(event.due_at):%Y/%m/%d %H:%M}"
    return "payment", "stop", "お支払い期限が過ぎました", f"期限 {due}", {"kind": "expiry"}


def _captured(event: events.PaymentCaptured) -> TimelineLine:
    facts = {"kind": "capture", "amount": event.amount, "source": event.source}
    return (
        "payment",
        "done",
        "入金済みになりました",
        f"¥{event.amount:,}　{SOURCE.of(event.source)}",
        facts,
    )


def _rejected(event: events.CaptureRejected) -> TimelineLine:
    facts = {"kind": "rejection", "reason": event.reason}
    text = REJECTED.get(event.reason.partition(":")[0], REFUSED_BY_PROVIDER)
    return "payment", "stop", "入金処理ができませんでした", text, facts


def _voided(event: events.PaymentVoided) -> TimelineLine:
    return "payment", "note", "与信を取り消しました", "", {"kind": "void"}


def _refunded(event: events.PaymentRefunded) -> TimelineLine:
    facts = {
        "kind": "refund",
        "amount": event.amount,
        "excess": event.excess_amount,
        "route": route_of(event),
    }
    left = f"　お預かり残高 ¥{event.remaining_amount:,}" if event.remaining_amount else ""
    if event.by_dispute:
        return "payment", "stop", "チャージバックで代金が回収されました", f"¥{event.amount:,}{left}", facts
    text = f"{ROUTE.of(event.route)}{left}"
    return "payment", "note", _refund_title(event), text, facts


def _refund_taken_back(event: events.RefundTakenBack) -> TimelineLine:
    facts = {"kind": "refund_taken_back", "amount": event.amount, "route": route_of(event)}
    left = f"　お預かり残高 ¥{event.remaining_amount:,}" if event.remaining_amount else ""
    if event.by_dispute:
        title = f"チャージバックによる返金 ¥{event.amount:,} を取り消しました"
        return "payment", "stop", title, f"代金は回収されていませんでした。{left}", facts
    text = f"{ROUTE.of(event.route)}{left}　実際には返金していませんでした。"
    return "payment", "stop", f"返金 ¥{event.amount:,} の記録を取り消しました", text, facts


def _refund_title(event: events.PaymentRefunded) -> str:
    excess = event.excess_amount
    if excess == event.amount:
        return f"過入金 ¥{excess:,}を返金しました"
    return f"¥{event.amount:,}を返金しました" + (f"（うち過入金 ¥{excess:,}）" if excess else "")


def _authorization_ended(event: events.AuthorizationEnded) -> TimelineLine:
    facts = {"kind": "authorization_ended", "authorization_id": event.authorization_id}
    return "payment", "stop", "与信が切れました", ENDED.of(event.reason), facts


LINES_OF_PAYMENTS: dict[type[Event], Callable[[Any], TimelineLine]] = {
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
}
