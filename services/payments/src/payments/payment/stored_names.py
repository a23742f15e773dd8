"""The names under which rows keep the details of a payment.

A name in the code may become better. The name in the rows stays: other releases and old rows have it.
"""

from collections.abc import Mapping
from typing import Any

STORED_AS: Mapping[str, str] = {
    "requested_by": "asked_by",
    "refund_requested_amount": "refund_asked_amount",
    "receipt_amounts_in_doubt": "doubted_receipts",
    "refund_amounts_in_doubt": "retold_refunds",
    "unfit_refund_refs": "doubted_refunds",
    "refs_of_others": "not_ours",
    "capture_when_held": "shipped",
}
"""Fields of a payment, by the name in the code."""
WITHIN: Mapping[str, Mapping[str, str]] = {
    "our_refund": {"refunded_before": "told_before"},
    "losses": {"published": "told"},
    "chargebacks": {"last_report": "told"},
}
"""Fields of what these fields of a payment contain."""
_NAMED = {stored: name for name, stored in STORED_AS.items()}
_NAMED_WITHIN = {field: {stored: name for name, stored in names.items()} for field, names in WITHIN.items()}


def as_stored(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values under the names that rows have."""
    return {STORED_AS.get(name, name): _renamed(value, WITHIN.get(name)) for name, value in details.items()}


def as_named(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details of a row under the names that the code has."""
    return {
        _NAMED.get(name, name): _renamed(value, _NAMED_WITHIN.get(name)) for name, value in stored.items()
    }


def _renamed(value: Any, names: Mapping[str, str] | None) -> Any:
    """Return ``value``, an object or a list of objects, with other names of its fields."""
    if not names:
        return value
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    return {names.get(name, name): one for name, one in value.items()}
