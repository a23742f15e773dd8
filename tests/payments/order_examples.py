"""Orders as checkout says them."""

from datetime import timedelta
from typing import Any

from shared.clock import now
from shared.events import (
    Address,
    Amounts,
    CaptureRequested,
    Destination,
    Line,
    OrderCancelled,
    Orderer,
    OrderPlaced,
    Shipped,
    ShippedDestination,
    StockReserved,
)
from shared.ids import new_id

_HOME = {
    "name": "山田 花子",
    "postal_code": "1500001",
    "prefecture": "東京都",
    "address1": "渋谷区神宮前1-2-3",
    "phone": "09012345678",
}


def placed(
    order_code: str, kind: str, total: int = 3_300, *, choice: dict[str, str] | None = None, **more: Any
) -> OrderPlaced:
    """An order of ``total`` yen to be paid by ``kind``."""
    line = Line(sku="yunomi", name="白磁の湯呑", quantity=1, unit_price=total)
    values: dict[str, Any] = {
        "order_code": order_code,
        "payment_kind": kind,
        "payment_name": kind,
        "payment_choice": choice or {},
        "amounts": Amounts(items=total, shipping=0, total=total),
        "orderer": Orderer(**_HOME, email="hanako@example.jp"),
        "destinations": (Destination(destination_id=new_id(), address=Address(**_HOME), lines=(line,)),),
        "placed_at": now(),
        "page_url": f"http://shop.test/orders/{order_code}",
    }
    return OrderPlaced(**(values | more))


def reserved(order_code: str) -> StockReserved:
    """Stock is held."""
    return StockReserved(order_code=order_code)


def shipped(order_code: str, *, fully: bool = True, **more: Any) -> Shipped:
    """The ship step was done."""
    sent = ShippedDestination(destination_id=new_id(), ship_date=now().date())
    values: dict[str, Any] = {
        "order_code": order_code,
        "destinations": (sent,),
        "fully_shipped": fully,
        "source": "admin_single",
        "by": "staff",
    }
    return Shipped(**(values | more))


def capture_requested(order_code: str, **more: Any) -> CaptureRequested:
    """Staff pressed 「注文を入金済みにする」."""
    return CaptureRequested(**({"order_code": order_code, "by": "staff"} | more))


def cancelled(order_code: str, reason: str = "staff") -> OrderCancelled:
    """The order ended."""
    return OrderCancelled.model_validate({"order_code": order_code, "reason": reason, "by": "staff"})


def after_days(days: float) -> timedelta:
    """A span of business time."""
    return timedelta(days=days)
