"""Builds an example of any event from its class, for previews and for the test of every mail.

Known field names get telling values; other fields get any valid value of their type. A mail for a new event can
therefore be previewed as soon as its file exists.
"""

from datetime import date, datetime, timedelta
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from shared.events import Event, OrderPlaced, TaxedAmount

E = TypeVar("E", bound=Event)

PLACED_AT = datetime.fromisoformat("2026-11-22T14:05:00+09:00")
_DESTINATION_ID = UUID("019376a0-0000-7000-8000-000000000002")

# Sums must be right: a preview with wrong sums teaches the wrong thing.
VALUES: dict[str, Any] = {
    "order_code": "N-20261122-0001",
    "member_id": UUID("019376a0-0000-7000-8000-000000000001"),
    "destination_id": _DESTINATION_ID,
    "name": "山田 花子",
    "kana": "ヤマダ ハナコ",
    "email": "hanako@example.jp",
    "postal_code": "1500001",
    "prefecture": "東京都",
    "address1": "渋谷区神宮前1-2-3",
    "address2": "暖簾ビル 401",
    "phone": "09012345678",
    "sku": "YUNOMI-01",
    "payment_kind": "konbini",
    "payment_name": "コンビニ払い",
    "payment_flow": "prepaid",
    "payment_deposit": "automatic",
    "paid_before_shipping": True,
    "payment_choice": {"chain": "lawson"},
    "unit_price": 2800,
    "quantity": 2,
    "items": 5600,
    "shipping": 550,
    "point_discount": 150,
    "total": 6000,
    "amount": 6000,
    "points_used": 150,
    "placed_at": PLACED_AT,
    "due_at": PLACED_AT + timedelta(days=6),
    "expires_at": PLACED_AT + timedelta(minutes=45),
    "changed_at": PLACED_AT,
    "linked_at": PLACED_AT,
    "way": "form",
    "number": "12345678901",
    "chain": "lawson",
    "chain_name": "ローソン",
    "number_label": "支払い番号",
    "confirmation_number": "8888",
    "source": "provider_notice",
    "send_mail": True,
    "fully_shipped": True,
    "carrier": "yamato",
    "tracking_number": "123456789013",
    "ship_date": date(2026, 11, 23),
    "reason": "unpaid",
    "by": "店長",
}
# Fields whose example differs because the same name has another meaning there.
VALUES_IN: dict[tuple[str, str], Any] = {
    ("Line", "name"): "白磁の湯呑",
    ("Line", "tax_rate"): 10,
    ("Line", "tax_reduced"): False,
    ("Amounts", "taxes"): (TaxedAmount(rate=10, amount=6000, tax=545),),
    ("Amounts", "tax_rounding"): "down",
    ("Shipped", "source"): "admin_bulk",
    ("OrderCancelled", "reason"): "staff",
    ("OrderCancelled", "note"): "商品に不具合が見つかったため",
    ("OrderCancelled", "received_amount"): 6000,
    ("OrderCancelled", "refund_amount"): 6000,
    ("OrderCancelled", "refund_waits_for"): "",
    ("PaymentFailed", "reason"): "expired_card",
    ("RefundTakenBack", "remaining_amount"): 6000,
    ("PaymentStandingChanged", "calls"): ("short_money",),
    ("PaymentStandingChanged", "expected_amount"): 6000,
    ("PaymentStandingChanged", "suspense_amount"): 1000,
}


def example_of(kind: type[E], *, origin: str = "http://127.0.0.1:8080", **changes: Any) -> E:
    """Return an example event of ``kind``; ``changes`` replace fields."""
    return _model(kind, origin, changes)


def example_order(*, origin: str = "http://127.0.0.1:8080", **changes: Any) -> OrderPlaced:
    """Return the order of the other example events."""
    return example_of(OrderPlaced, origin=origin, **changes)


M = TypeVar("M", bound=BaseModel)


def _model(kind: type[M], origin: str, changes: dict[str, Any]) -> M:
    values: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if name in changes:
            values[name] = changes[name]
        elif name in Event.model_fields or (
            not field.is_required() and name not in VALUES and (kind.__name__, name) not in VALUES_IN
        ):
            continue
        else:
            values[name] = _value(kind, name, field.annotation, origin)
    return kind(**values)


def _value(kind: type[BaseModel], name: str, annotation: Any, origin: str) -> Any:
    if (kind.__name__, name) in VALUES_IN:
        return VALUES_IN[kind.__name__, name]
    if name == "page_url":
        return f"{origin}/orders/{VALUES['order_code']}"
    known = VALUES.get(name)
    if issubclass(kind, Event) and (choices := kind.known_values.get(name)):
        return known if known in choices else choices[0]
    if get_origin(annotation) is tuple:
        return (_of_type(get_args(annotation)[0], origin),)
    if known is not None:
        return known
    return _of_type(annotation, origin)


def _of_type(annotation: Any, origin: str) -> Any:
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType] or [annotation]
    kind = kinds[0]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind, origin, {})
    plain = {
        str: "例",
        int: 1,
        bool: True,
        datetime: PLACED_AT,
        date: PLACED_AT.date(),
        UUID: VALUES["member_id"],
    }
    return plain[kind]
