"""The content of the page of one order at the desk: 金額, 決済, ポイント, goods, parcels and history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from checkout.calendar.labels import day_label
from checkout.order_desk.fields import CARRIER_OPTIONS
from checkout.order_desk.labels import COUPONS_LABEL, POINTS_LABEL
from checkout.order_desk.one_order_forms import ParcelForm
from checkout.order_desk.rows import WholeOrder
from checkout.orders.heard.labels import REFUSED_BY_PROVIDER
from checkout.orders.rules.money_back import money_back
from checkout.orders.stored_order import Destination, StoredOrder
from checkout.orders.timeline import StoredEntry
from checkout.orders.told.payment import Number
from shared.clock import in_japan, now
from shared.shop.carriers import CARRIERS, carrier_called
from shared.shop.labels import Mark
from shared.shop.money_back import MONEY_BACK
from shared.web.filters import jst
from shared.web.forms import Form


def amounts_rows(row: StoredOrder) -> list[tuple[str, int]]:
    """Return the parts of the total, in yen."""
    named = f"（クーポン「{row.coupon_name}」）" if row.coupon_name else ""
    frees_shipping = named and not row.coupon_discount
    lines = [
        ("商品合計", row.items_amount),
        *((one.label, one.amount) for one in row.adjustments),
        (f"送料{named}" if frees_shipping else "送料", row.shipping_fee),
    ]
    for label, amount in (
        ("手数料", row.payment_fee),
        (f"クーポン値引き{named}", -row.coupon_discount),
        ("ポイント利用", -row.point_discount),
    ):
        if amount:
            lines.append((label, amount))
    return lines


def payment_rows(whole: WholeOrder) -> list[tuple[str, str]]:
    """Return the facts that payments reported about the payment, with its money in yen."""
    rows, told = [("決済種別", whole.stored.payment_name)], whole.told
    if authorization := told.authorization:
        rows += [
            ("承認結果", authorization.provider_status),
            ("承認番号", authorization.authorization_id),
            ("承認金額", f"¥{authorization.amount:,}"),
        ]
        if authorization.instrument:
            rows.append(("お支払い元", authorization.instrument))
    if number := told.number:
        if number.chain_name:
            rows.append(("お支払い先", number.chain_name))
        rows.append((number.label, number.number))
        if number.confirmation_number:
            rows.append(("確認番号", number.confirmation_number))
        if whole.order.payment == "number_issued":
            rows += _deadline_rows(number)
    told_to_buyer = MONEY_BACK[money_back(whole.stored)] if whole.order.status == "cancelled" else ""
    return [*rows, *_money_rows(whole), *([("お客様の画面", told_to_buyer)] if told_to_buyer else [])]


def _deadline_rows(number: Number) -> list[tuple[str, str]]:
    """Return the payment deadline, and the later time until which late money is accepted, if there is one."""
    rows = [("お支払い期限", jst(number.due_at))]
    if number.accepted_until is not None and number.accepted_until > number.due_at:
        rows.append(("入金の受付（猶予）", f"{jst(number.accepted_until)} まで"))
    return rows


def is_overdue(whole: WholeOrder, at: datetime) -> bool:
    """Return whether the order still waits for money although its deadline passed."""
    number = whole.told.number
    return whole.order.payment == "number_issued" and number is not None and at > number.due_at


def _money_rows(whole: WholeOrder) -> list[tuple[str, str]]:
    """Return the money received, refunded and present. The first is the sum of the other two."""
    standing = whole.order.standing
    captured = whole.told.captured
    refunded = sum(refund.amount for refund in whole.told.refunds)
    if standing.revision:
        captured = standing.captured
        refunded = max(captured + standing.suspense - whole.order.money_with_us, 0)
    received = captured + standing.suspense
    amounts = (
        ("入金額", received, received),
        ("うち仮受金", standing.suspense, standing.suspense),
        ("返金額", refunded, refunded),
        ("お預かり中", max(received - refunded, 0), refunded + standing.suspense),
    )
    return [(label, f"¥{amount:,}") for label, amount, shown in amounts if shown]


def points_rows(whole: WholeOrder) -> list[tuple[str, str]]:
    """Return the shop's points and coupons of this order, as members reported them."""
    rows = []
    for kind, label in POINTS_LABEL.items():
        if total := sum(one.points for one in whole.benefits if one.kind == kind):
            rows.append((label, f"{total:,}ポイント"))
    for coupon_kind, label in COUPONS_LABEL.items():
        rows += [(label, one.coupon or "") for one in whole.benefits if one.kind == coupon_kind]
    if not rows and whole.stored.points_used:
        rows.append(("ご利用（確定待ち）", f"{whole.stored.points_used:,}ポイント"))
    return rows


@dataclass(frozen=True, slots=True)
class Goods:
    """One product for a delivery address; ``amount`` in yen. ``reduced`` marks 軽減税率."""

    name: str
    note: str
    image: str
    quantity: int
    amount: int
    reduced: bool


@dataclass(frozen=True, slots=True)
class ShownDestination:
    """One delivery address with its goods, its parcel and the form for it."""

    row: Destination
    form: Form[Any]
    carrier: str
    typed_carrier: str
    carriers: Sequence[tuple[str, str] | str]
    goods: Sequence[Goods]

    @property
    def id(self) -> UUID:
        return self.row.destination_id

    @property
    def delivery_day(self) -> str:
        """Return the day that the buyer asked for."""
        return day_label(self.row.delivery_date) if self.row.delivery_date else "指定なし"

    @property
    def shipped(self) -> bool:
        return self.row.parcel.shipped


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry of the timeline. ``technical`` is the provider's own text for a refusal that Noren has no text for."""

    at: datetime
    title: str
    text: str
    by: str
    kind: Mark
    technical: str


def shown_entry(entry: StoredEntry) -> ShownEntry:
    """Return an entry of the timeline as the page shows it."""
    technical = (entry.reason or "") if entry.text == REFUSED_BY_PROVIDER else ""
    return ShownEntry(entry.at, entry.title, entry.text, entry.by, entry.kind, technical)


def shown_destination(whole: WholeOrder, row: Destination, form: Form[Any] | None) -> ShownDestination:
    """Return a delivery address as the page shows it. ``form`` is the submitted form of its parcel, if any."""
    carrier = carrier_called(row.carrier)
    values = {
        "ship_date": in_japan(now()).date().isoformat(),
        "carrier": carrier.code,
        "tracking_number": row.tracking_number or "",
    }
    form = form or Form(ParcelForm, values, prefix=f"{row.destination_id}-")
    typed = carrier_called(form["carrier"])
    return ShownDestination(
        row=row,
        form=form,
        carrier=carrier.name,
        typed_carrier=typed.name,
        # The typed name of a carrier without a code remains a choice.
        carriers=CARRIER_OPTIONS if typed.code in ("", *CARRIERS) else [*CARRIER_OPTIONS, typed.code],
        goods=[
            Goods(
                name=line.name,
                note=f"商品コード {line.sku}",
                image=line.image_url,
                quantity=line.quantity,
                amount=line.unit_price * line.quantity,
                reduced=line.tax_reduced,
            )
            for line in whole.lines
            if line.destination_id == row.destination_id
        ],
    )
