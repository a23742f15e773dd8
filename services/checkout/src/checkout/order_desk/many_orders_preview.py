"""The effects of a bulk action on selected orders, or the reasons against it, before it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from checkout.order_desk.fields import CarrierText, OrderCode, TrackingNumber
from checkout.order_desk.labels import Action, badges
from checkout.orders.rules.allowed_deeds import check_capturable, check_shippable
from checkout.orders.rules.order import Order
from checkout.orders.rules.steps import capture_warnings, processed_warnings
from checkout.orders.stored_order import StoredOrder
from shared.errors import Refused
from shared.shop.labels import Labels
from shared.web.forms import Form

TAB_OF = Labels[Action](Action, {"ship": "unshipped", "capture": "unpaid", "process": "all"})


class BulkForm(BaseModel):
    """The selected orders and the fields next to the button."""

    action: Action
    id: list[OrderCode] = Field(default_factory=list, title="注文")
    send_mail: bool = False
    mark_processed: bool = False
    confirmed: bool = False
    carrier: CarrierText = ""


class TrackingForm(BaseModel):
    """The tracking number of one order, with the version that the page showed."""

    number: TrackingNumber = ""
    version: int | None = Field(None, ge=1, title="版")


@dataclass(frozen=True)
class Candidate:
    """One selected order with the effect of the action, or with the reason against it."""

    code: str
    name: str
    payment_name: str
    states: Mapping[str, tuple[str, str]]
    total: int
    registered: str
    refusal: str
    warnings: Sequence[str]
    tracking: Form[TrackingForm]
    version: int = 0
    number: int | None = None


def candidate(
    bulk: BulkForm, code: str, found: tuple[StoredOrder, Order] | None, tracking: Form[TrackingForm]
) -> Candidate:
    """Return the effect on a selected order in its ``found`` state."""
    if found is None:
        return Candidate(code, "", "", {}, 0, "", "この注文は見つかりません。", (), tracking)
    row, order = found
    return Candidate(
        code=code,
        name=row.orderer_name,
        payment_name=row.payment_name,
        states=badges(row),
        total=row.total,
        registered="、".join(filter(None, (parcel.tracking_number for parcel in order.parcels))),
        refusal=refusal_of(bulk, order),
        warnings=_warnings(bulk, order),
        tracking=tracking,
        version=order.version,
        number=row.number,
    )


def refusal_of(bulk: BulkForm, order: Order) -> str:
    """Return the refusal that the rules give now. The action checks them again under the lock."""
    try:
        if bulk.action == "ship":
            check_shippable(order)
        elif bulk.action == "capture":
            check_capturable(order)
        else:
            order.moved("process")
    except Refused as refused:
        return refused.message
    return ""


def _warnings(bulk: BulkForm, order: Order) -> list[str]:
    if bulk.action == "capture":
        return capture_warnings(order)
    if bulk.action == "process":
        return processed_warnings(order)
    if bulk.mark_processed:
        return [text for text in processed_warnings(order) if "未入金" in text]
    return []


def sentence(bulk: BulkForm, count: int, total: int) -> str:
    """Return the effects of the button as a sentence with numbers."""
    if count == 0:
        return "処理できる注文がありません。"
    mails = f"、{count}通のメールを送ります" if bulk.send_mail else "ます"
    if bulk.action == "ship":
        process = f"。あわせて{count}件を処理済みにします" if bulk.mark_processed else ""
        return f"{count}件を発送済みにし{mails}{process}。"
    if bulk.action == "capture":
        mail = f"入金確定後、最大{count}通のメールを送ります。" if bulk.send_mail else ""
        return f"{count}件、合計 ¥{total:,} の入金処理を決済サービスに依頼します。{mail}"
    return f"{count}件を処理済みにします。"
