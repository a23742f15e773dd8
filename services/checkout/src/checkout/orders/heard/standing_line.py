"""The timeline entry for staff when payments reports a new standing, with amounts in yen."""

from checkout.orders.rules.calls import call_text
from checkout.orders.rules.order import Order
from checkout.orders.rules.standing import NOTHING_TOLD, Standing, told_by_payments
from shared.events import PaymentStandingChanged
from shared.shop.payment_calls import CALL_LABEL

SETTLED = "決済の確認事項が解消しました"


def standing_words(event: PaymentStandingChanged, before: Order) -> tuple[str, str] | None:
    """Return title and text, compared with the standing ``before``. Return None if nothing is new."""
    if event.calls:
        return _called(event, before)
    return _settled(event, before.standing)


def _called(event: PaymentStandingChanged, before: Order) -> tuple[str, str] | None:
    known, at_bank = before.standing, before.payment_deposit == "by_hand"
    told = told_by_payments(NOTHING_TOLD, event)
    labels = "・".join(CALL_LABEL.of(word) for word in event.calls)
    text = " ".join(call_text(word, told, event.expected_amount, at_bank) for word in event.calls)
    if known.calls == event.calls and _amounts(known) == _amounts(told):
        return None
    return f"決済の確認が必要です：{labels}", text


def _settled(event: PaymentStandingChanged, known: Standing) -> tuple[str, str] | None:
    short = event.expected_amount - event.captured_amount
    if "short_money" in known.calls and event.captured_amount and not event.refunded_amount:
        if short > 0:
            return f"入金不足のまま確定しました（不足¥{short:,}は請求しません）", ""
        return "不足していた代金が入金されました", ""
    # A refund has a separate line, and a call that had ended before does not end again.
    return (SETTLED, "") if known.calls else None


def _amounts(standing: Standing) -> tuple[object, ...]:
    return standing.captured, standing.suspense, standing.refunded, standing.respond_by
