"""Small shapes that all objects share: times, states, ids, money."""

import secrets
from datetime import datetime

from payments.methods.amazon_pay.simulator.store import Document, Transaction


def stamp(moment: datetime) -> str:
    """Return UTC in the basic form, as in every answer."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def yen(amount: int) -> Document:
    """Return an amount as JSON."""
    return {"amount": str(amount), "currencyCode": "JPY"}


def status(tx: Transaction, state: str, code: str | None = None, description: str | None = None) -> Document:
    """Return `statusDetails` of any object except a charge permission."""
    return {
        "state": state,
        "reasonCode": code,
        "reasonDescription": description,
        "lastUpdatedTimestamp": stamp(tx.now),
    }


def permission_status(
    tx: Transaction, state: str, code: str | None = None, why: str | None = None
) -> Document:
    """Return `statusDetails` of a charge permission, which has a list of reasons."""
    reasons = [{"reasonCode": code, "reasonDescription": why}] if code else None
    return {"state": state, "reasons": reasons, "lastUpdatedTimestamp": stamp(tx.now)}


def no_metadata() -> Document:
    """Return empty metadata."""
    names = ("merchantReferenceId", "merchantStoreName", "noteToBuyer", "customInformation")
    return dict.fromkeys(names)


def new_permission_id(kind: str) -> str:
    """Return the id of a permission of the Japanese sandbox. `kind` is OneTime or Recurring."""
    return f"{'C03' if kind == 'Recurring' else 'S03'}-{_digits(7)}-{_digits(7)}"


def new_charge_id(permission_id: str) -> str:
    """Return the id of a charge below its permission."""
    return f"{permission_id}-C{_digits(6)}"


def new_refund_id(permission_id: str) -> str:
    """Return the id of a refund below its permission."""
    return f"{permission_id}-R{_digits(6)}"


def _digits(count: int) -> str:
    return str(secrets.randbelow(10**count)).zfill(count)
