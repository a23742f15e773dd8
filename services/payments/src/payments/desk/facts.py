"""The present state of a payment, as the facts of its page."""

from payments.payment.labels import POLICIES
from payments.payment.rules.payment import Payment
from shared.clock import in_japan
from shared.web.filters import yen


def facts(payment: Payment, *, shows_status: bool) -> list[tuple[str, str]]:
    """Return the facts of the payment."""
    found = [("受付番号", str(payment.order_number))] if payment.order_number is not None else []
    found.append(("請求額", yen(payment.amount)))
    # The taxes of the order as it was placed: a changed or unmanaged payment has none to show.
    taxes = payment.order.amounts.taxes if payment.order is not None else ()
    if sum(one.amount for one in taxes) == payment.amount:
        found += [
            (
                f"{one.rate}％対象{'※' if one.reduced else ''}",
                f"{yen(one.amount)}（うち消費税 {yen(one.tax)}）",
            )
            for one in taxes
        ]
    if payment.authorization_id:
        found.append(("売上請求の方法", POLICIES[payment.capture_policy]))
    if shows_status:
        found.append(("連携ステータス", payment.provider_status or "—"))
    if payment.instrument:
        found.append(("お支払い手段", payment.instrument))
    if payment.number is not None:
        found += [
            (payment.number.label, payment.number.number),
            ("お支払い期限", f"{in_japan(payment.number.due_at):%Y/%m/%d %H:%M}"),
        ]
    if payment.payer_name:
        found.append(("注文者", payment.payer_name))
    money = (
        ("入金額", payment.received_amount, payment.received_amount),
        ("うち仮受金", payment.suspense_amount, payment.suspense_amount),
        ("返金額", payment.refunded_amount, payment.refunded_amount),
        ("お預かり中", payment.held_amount, payment.refunded_amount + payment.suspense_amount),
        ("損失（お預かりを超えて出たお金）", payment.lost_amount, payment.lost_amount),
    )
    found += [(label, yen(amount)) for label, amount, shown in money if shown]
    return found + [("照会番号", value) for name, value in payment.refs.items() if name.endswith("_id")]
