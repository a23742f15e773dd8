"""Events that members hears, with telling data."""

from datetime import datetime
from uuid import UUID

from members.deeds.rows import Doer
from shared.clock import now
from shared.events import (
    Address,
    Amounts,
    Destination,
    Line,
    OrderCancelled,
    Orderer,
    OrderPlaced,
    PaymentAuthorized,
    PaymentStandingChanged,
    Registration,
    Shipped,
    ShippedDestination,
)
from shared.ids import new_id
from tests.members.members_service import PASSWORD

SIGN_UP = {"name": "綾瀬 あや", "kana": "あやせ あや", "email": "aya@example.jp", "password": PASSWORD}

ORIGIN = "http://noren.test"

AYA = Address(
    name="綾瀬 あや",
    postal_code="1500001",
    prefecture="東京都",
    address1="渋谷区神宮前1-2-3",
    address2="暖簾ビル 401",
    phone="09012345678",
)
MANAGER = Doer(None, "店長", "192.0.2.8")
LINE = Line(sku="YUNOMI", name="白磁の湯呑", quantity=1, unit_price=5_000)


def an_order(
    code: str = "N-1001",
    *,
    items: int = 5_000,
    points: int = 0,
    coupon: int = 0,
    shipping: int = 600,
    member_id: UUID | None = None,
    registration: Registration | None = None,
    amazon_buyer_id: str | None = None,
    reservation_id: UUID | None = None,
    email: str = "aya@example.jp",
    phone: str = AYA.phone,
    placed_at: datetime | None = None,
) -> OrderPlaced:
    """An order of one tea cup, as checkout says it."""
    return OrderPlaced(
        order_code=code,
        payment_kind="amazon_pay",
        payment_name="Amazon Pay",
        amounts=Amounts(
            items=items,
            shipping=shipping,
            point_discount=points,
            coupon_discount=coupon,
            total=items + shipping - points - coupon,
        ),
        member_id=member_id,
        registration=registration,
        wallet_kind="amazon_pay" if amazon_buyer_id else None,
        wallet_buyer_id=amazon_buyer_id,
        orderer=Orderer(**{**AYA.model_dump(), "phone": phone}, kana="アヤセ アヤ", email=email),
        destinations=(Destination(destination_id=new_id(), address=AYA, lines=(LINE,)),),
        points_used=points,
        benefit_reservation_id=reservation_id,
        placed_at=placed_at or now(),
        page_url=f"{ORIGIN}/orders/{code}",
    )


def an_authorization(code: str = "N-1001") -> PaymentAuthorized:
    """The buyer confirmed the order at Amazon, and its money is held."""
    return PaymentAuthorized(
        order_code=code,
        payment_id=new_id(),
        payment_kind="amazon_pay",
        authorization_id="a1",
        amount=5_600,
        authorized_at=now(),
        provider_status="承認済",
    )


def a_shipping(code: str = "N-1001", *, fully: bool = True) -> Shipped:
    """The order was handed to the carrier."""
    return Shipped(
        order_code=code,
        destinations=(ShippedDestination(destination_id=new_id(), ship_date=now().date()),),
        fully_shipped=fully,
        source="admin_single",
        by="店長",
    )


def a_cancellation(code: str = "N-1001") -> OrderCancelled:
    """The order ended unpaid."""
    return OrderCancelled(order_code=code, reason="unpaid", by="payments")


def a_standing(
    code: str = "N-1001",
    *,
    revision: int = 1,
    kept: int | None = 0,
    taken: int = 5_600,
    lost: bool | None = None,
) -> PaymentStandingChanged:
    """The money of an order: ``taken`` yen paid for it, and it keeps ``kept`` of them. ``lost`` as new releases say it."""
    return PaymentStandingChanged(
        order_code=code,
        payment_id=new_id(),
        payment_kind="amazon_pay",
        revision=revision,
        calls=(),
        expected_amount=5_600,
        captured_amount=taken,
        sale_amount=kept,
        lost_its_sale=lost,
        refunded_amount=taken - (kept or 0),
    )
