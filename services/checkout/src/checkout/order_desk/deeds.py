"""The deeds on the page of one order, each by the last part of its path. Those about parcels: one_order_parcels.py."""

from collections.abc import Mapping
from typing import Any

from checkout.order_desk.one_order_forms import CancelForm, DepositForm, NoteForm, OrderForm, StatusForm
from checkout.order_desk.order_deed import Deed, allowed_by, deed, press
from checkout.orders.cancel_order import cancel_order
from checkout.orders.mark_calls_seen import mark_calls_seen
from checkout.orders.process_order import process_order
from checkout.orders.request_capture import request_capture
from checkout.orders.request_reauthorization import request_reauthorization
from checkout.orders.rules.allowed_deeds import check_capturable, check_reauthorizable
from checkout.orders.rules.steps import capture_warnings, processed_warnings
from checkout.orders.stored_order import StoredOrder
from checkout.orders.write_note import write_note
from shared.clock import in_japan, now


def _today_and_promised_mail(order: StoredOrder) -> Mapping[str, str]:
    """Return today as the day of the deposit. The mail about a transfer promises one about the deposit: it is ticked."""
    promised = {"send_mail": "true"} if order.payment_deposit == "by_hand" else {}
    return {"deposit_date": in_japan(now()).date().isoformat(), **promised}


DEEDS: Mapping[str, Deed[Any]] = {
    # 入金状況 → 更新する (PAY-07), after a warning if it is early (PAY-29).
    "deposit": deed(
        "take_money",
        DepositForm,
        lambda tx, code, form, by, at: request_capture(
            tx,
            order_code=code,
            deposit_date=form.deposit_date,
            send_mail=form.send_mail,
            version=form.version,
            by=by,
            at=at,
        ),
        "入金処理を依頼しました",
        may=allowed_by(check_capturable),
        warnings=capture_warnings,
        first=_today_and_promised_mail,
    ),
    # ステータス → 処理済みにする (ORD-12), after a warning about open steps (ORD-20).
    "status": deed(
        "ship_orders",
        StatusForm,
        press(process_order),
        "処理済みにしました",
        may=lambda order: order.may("process"),
        warnings=processed_warnings,
    ),
    # A remark on the timeline.
    "notes": deed(
        "note_orders",
        NoteForm,
        lambda tx, code, form, by, at: write_note(
            tx, order_code=code, text=form.text, version=form.version, by=by, at=at
        ),
        "メモを追加しました",
    ),
    # 取消処理 (ORD-21).
    "cancel": deed(
        "cancel_orders",
        CancelForm,
        lambda tx, code, form, by, at: cancel_order(
            tx,
            order_code=code,
            note=form.note,
            staff_reason=form.staff_reason,
            send_mail=form.send_mail,
            although_shipped=form.although_shipped,
            version=form.version,
            by=by,
            at=at,
        ),
        "注文をキャンセルしました",
        may=lambda order: order.may("cancel"),
        drawn_on="cancel",
        first=lambda _: {"send_mail": "true"},
    ),
    # 再与信 (AP-34): a new hold in place of the one that ended.
    "reauthorize": deed(
        "take_money",
        OrderForm,
        press(request_reauthorization),
        "再与信を依頼しました",
        may=allowed_by(check_reauthorizable),
        drawn_on="problem",
    ),
    # 確認済みにする: checkout's calls.
    "seen": deed(
        "ship_orders",
        OrderForm,
        press(mark_calls_seen),
        "確認済みにしました",
        may=lambda order: bool(order.own_calls),
        drawn_on="problem",
    ),
}
