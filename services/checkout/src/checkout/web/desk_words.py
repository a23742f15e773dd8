"""How states of an order are shown at the desk: a word, and the kind of mark beside it."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from checkout.domain.order import (
    DEPOSIT_BY_STAFF,
    DEPOSIT_LABEL,
    PAYMENT_LABEL,
    SHIPPING_LABEL,
    STATUS_LABEL,
)
from shared.web.fields import half_width, wrong
from shared.web.session import Viewer

ORDER_KIND_LABEL = {"normal": "通常受注", "preorder": "予約受注", "subscription": "定期・頒布会"}
_STATUS_KIND = {"in_progress": "note", "processed": "done", "cancelled": "plain"}


def _tracking_number(text: str) -> str:
    number = half_width(text)
    if not re.fullmatch(r"[0-9A-Za-z-]*", number):
        raise wrong("送り状番号は英数字とハイフンで入力してください")
    return number


TrackingNumber = Annotated[
    str,
    AfterValidator(_tracking_number),
    Field(title="送り状番号", max_length=40, json_schema_extra={"pattern": "^[0-9A-Za-z-]*$"}),
]


# Refuses what PostgreSQL cannot hold before it gets there; an address that cannot exist is a missing page.
OrderCode = Annotated[
    str, Field(title="受注コード", min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_-]+$")
]


def badges(row: Any) -> dict[str, tuple[str, str]]:
    """Return (word, kind) for status, deposit, shipping and payment of a stored order."""
    ended = row.status == "cancelled"
    managed = row.payment_group != "cash_on_delivery"
    deposit = DEPOSIT_LABEL[row.deposit] if managed else "管理対象外"
    return {
        "status": (STATUS_LABEL[row.status], _STATUS_KIND[row.status]),
        "deposit": (deposit, _kind(row.deposit == "paid", ended or not managed, otherwise="stop")),
        "shipping": (SHIPPING_LABEL[row.shipping], _kind(row.shipping == "shipped", ended, otherwise="wait")),
        "payment": _payment(row, managed=managed),
    }


def _payment(row: Any, *, managed: bool) -> tuple[str, str]:
    if not managed:
        return "管理対象外", "plain"
    if row.payment_group == "transfer" and row.payment == "number_issued":
        return "振込待ち", "wait"
    return PAYMENT_LABEL[row.payment], "note"


def _kind(done: bool, nothing_to_do: bool, *, otherwise: str) -> str:
    if done:
        return "done"
    return "plain" if nothing_to_do else otherwise


def deposit_by_staff(row: Any) -> bool:
    """Tell whether staff may set this order's deposit (PAY-06)."""
    return row.payment_group in DEPOSIT_BY_STAFF


def actor(viewer: Viewer) -> str:
    """Return the name under which a person's acts are recorded."""
    return viewer.name or f"スタッフ {viewer.member_id}"
