"""Converts events of payments to columns about the payment of an order."""

from collections.abc import Callable
from typing import Any

from checkout.orders.told.payment import ToldColumns
from shared import events


def told_by(event: Any) -> ToldColumns | None:
    """Return what ``event`` adds for its order. Return None for an event that only moves the order."""
    told = _TOLD.get(type(event))
    return told(event) if told else None


def _authorized(event: events.PaymentAuthorized) -> ToldColumns:
    return ToldColumns(
        event.order_code,
        {
            "authorization_id": event.authorization_id,
            "authorized_amount": event.amount,
            "instrument": event.instrument,
            "provider_status": event.provider_status,
        },
        _money("authorized", event, authorization_id=event.authorization_id),
    )


def _number(event: events.PaymentNumberIssued) -> ToldColumns:
    return ToldColumns(
        event.order_code,
        {
            "payment_number": event.number,
            "number_label": event.number_label,
            "chain_name": event.chain_name,
            "confirmation_number": event.confirmation_number,
            "number_due_at": event.due_at,
            "number_page_url": event.page_url,
            "number_accepted_until": event.accepted_until,
        },
    )


def _failed(event: events.PaymentFailed) -> ToldColumns:
    return ToldColumns(event.order_code, {"failure": event.reason})


def _captured(event: events.PaymentCaptured) -> ToldColumns:
    return ToldColumns(event.order_code, money=_money("captured", event))


def _refunded(event: events.PaymentRefunded) -> ToldColumns:
    return ToldColumns(
        event.order_code, money=_money("refunded", event, route=route_of(event), excess=event.excess_amount)
    )


def _taken_back(event: events.RefundTakenBack) -> ToldColumns:
    contrary = _money("refunded", event, route=route_of(event), excess=-event.spare_amount)
    return ToldColumns(event.order_code, money={**contrary, "amount": -event.amount})


def route_of(event: events.PaymentRefunded | events.RefundTakenBack) -> str:
    """Return the route of a refund. It is ``dispute`` if a bank took the money back."""
    return "dispute" if event.by_dispute else event.route


def _money(
    kind: str, event: Any, *, authorization_id: str | None = None, route: str | None = None, excess: int = 0
) -> dict[str, object]:
    return {
        "kind": kind,
        "amount": event.amount,
        "authorization_id": authorization_id,
        "route": route,
        "excess": excess,
        "at": event.occurred_at,
    }


_TOLD: dict[type[events.Event], Callable[[Any], ToldColumns]] = {
    events.PaymentAuthorized: _authorized,
    events.PaymentNumberIssued: _number,
    events.PaymentFailed: _failed,
    events.PaymentCaptured: _captured,
    events.PaymentRefunded: _refunded,
    events.RefundTakenBack: _taken_back,
}
