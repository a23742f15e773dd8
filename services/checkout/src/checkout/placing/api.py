"""The HTTP API for programs: place orders, list payment methods with reasons, find addresses by postal code."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from checkout.carts.rules import LINES_MAX, QUANTITY_MAX
from checkout.catalogue.rows import read_products
from checkout.orders.browser import keep_order, orders_in_browser
from checkout.payment_menu.rows import read_menu
from checkout.payment_menu.rules import OrderToPay, UnsuitableReason
from checkout.placing.browser import benefit_of, wallet_of
from checkout.placing.fields import AddressFields, OrdererFields
from checkout.placing.order_wish import OrderWish
from checkout.placing.till import Till
from checkout.shop.origin import Origin
from shared.errors import Refused
from shared.text.postal import find_towns
from shared.web.client_address import counted_as
from shared.web.fields import JsonDate, JsonInt, postal_digits
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import CurrentViewer, viewer

router = APIRouter(prefix="/api/checkout", tags=["checkout"], dependencies=[Depends(viewer)])


class _Body(BaseModel):
    # A price, total, status or member sent by the client is refused, never believed.
    model_config = ConfigDict(extra="forbid")


class WantedLine(_Body):
    """One product and its quantity. The shop computes the price."""

    sku: str = Field(min_length=1, max_length=80)
    quantity: JsonInt = Field(ge=1, le=QUANTITY_MAX)


class WantedAddress(AddressFields):
    """A delivery address (お届け先)."""

    model_config = ConfigDict(extra="forbid")


class WantedOrderer(OrdererFields):
    """The buyer (注文者情報)."""

    model_config = ConfigDict(extra="forbid")


class WantedOrder(_Body):
    """An order that a program asks for. An order that would not cost ``expected_total`` (yen) is refused."""

    lines: list[WantedLine] = Field(min_length=1, max_length=LINES_MAX)
    orderer: WantedOrderer
    delivery: WantedAddress | None = Field(None, description="The orderer's own address if absent")
    payment_kind: str = Field(min_length=2, max_length=42)
    payment_choice: dict[str, Annotated[str, Field(max_length=80)]] = Field(
        default_factory=dict, max_length=8
    )
    expected_total: Annotated[JsonInt, Field(ge=0)] | None = None
    delivery_date: JsonDate | None = Field(
        None, description="お届け希望日; one of the days that the shop offers for the prefecture"
    )


class PlacedOrder(BaseModel):
    """The order that was placed. Each repetition of the request returns the same order."""

    order_code: str
    total: int = Field(description="Yen, tax included")
    page_url: str
    next_path: str = Field(description="Where a browser goes next: the order's page, or the wallet")


class OfferedMethod(BaseModel):
    """A payment method. It has a reason if it does not suit an order of this total (KON-42)."""

    kind: str
    name: str
    available: bool
    reason: UnsuitableReason | None
    message: str


class FoundTown(BaseModel):
    """One town of a postal code. The buyer adds the street number."""

    prefecture: str
    address1: str


class FoundArea(BaseModel):
    """The area of a postal code: the part of the address that all its towns share, and the towns to choose from."""

    prefecture: str = Field(description="Empty if the code lies in several prefectures")
    address1: str = Field(description="City and town; the city alone if there are several towns")
    towns: list[FoundTown]


@router.post("/orders", status_code=201, responses={409: {}, 422: {}, 429: {}, 503: {}})
async def create_order(
    request: Request,
    response: Response,
    wanted: WantedOrder,
    parts: CurrentParts,
    viewer: CurrentViewer,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")],
) -> PlacedOrder:
    """Place an order once per `Idempotency-Key`.

    The same key with the same body returns the same response. The same key with another body returns 422. After 503 or
    a lost response, send the same request again. Points, coupons and wallets come from the browser's signed statements.
    """
    wallet = await wallet_of(request)
    if wallet is not None and wallet.kind != wanted.payment_kind:
        wallet = None
    orderer = wanted.orderer
    wish = OrderWish(
        key=idempotency_key,
        lines=tuple((line.sku, line.quantity) for line in wanted.lines),
        orderer=orderer.orderer(),
        address=(wanted.delivery or orderer).address(),
        payment_kind=wanted.payment_kind,
        payment_choice=wanted.payment_choice,
        total_seen=wanted.expected_total,
        delivery_date=wanted.delivery_date,
        member_id=UUID(viewer.member_id) if viewer.member_id else None,
        email_proved=viewer.email_proved,
        benefit=benefit_of(parts, request),
        wallet=wallet,
        client_address=counted_as(request),
        earlier_orders=orders_in_browser(parts, request).placed,
    )
    placement = await parts_of(request)[Till].place_and_commit(wish)
    page_url = f"{parts[Origin].url}/orders/{placement.order_code}"
    response.headers["Location"] = page_url
    keep_order(parts, request, response, placement.order_code, member_id=wish.member_id)
    return PlacedOrder(
        order_code=placement.order_code,
        total=placement.total,
        page_url=page_url,
        next_path=placement.next_path,
    )


@router.get("/methods")
async def list_methods(
    parts: CurrentParts,
    total: Annotated[int, Query(ge=0, le=99_999_999)],
    sku: Annotated[list[Annotated[str, Field(max_length=80)]] | None, Query(max_length=LINES_MAX)] = None,
) -> list[OfferedMethod]:
    """List the payment methods for an order of `total` yen, perhaps of the products `sku`, on the standard form."""
    async with parts.db.transaction() as tx:
        menu = await read_menu(tx)
        products = await read_products(tx, sku) if sku else {}
    excluded = any(product.prepay_excluded for product in products.values())
    offered = []
    for method in menu.methods:
        wallet_kind = method.kind if method.needs_wallet else None
        order = OrderToPay(total, wallet_kind=wallet_kind, prepay_excluded=excluded)
        reason = method.unsuited(order)
        offered.append(
            OfferedMethod(
                kind=method.kind,
                name=method.name,
                available=reason is None,
                reason=reason,
                message=method.why_unsuited(order) if reason else "",
            )
        )
    return offered


@router.get("/postal/{code}", responses={404: {}})
async def find_postal_code(code: str) -> FoundArea:
    """Return the towns of a postal code.

    The code may have any character width and form; an unknown code returns 404.
    """
    towns = find_towns(postal_digits(code))
    if not towns:
        raise Refused(
            "postal_code_unknown", "この郵便番号は見つかりませんでした。ご住所をご確認ください。", status=404
        )
    prefectures, cities = {town.prefecture for town in towns}, {town.city for town in towns}
    return FoundArea(
        prefecture=towns[0].prefecture if len(prefectures) == 1 else "",
        address1=towns[0].address1 if len(towns) == 1 else towns[0].city if len(cities) == 1 else "",
        towns=[FoundTown(prefecture=town.prefecture, address1=town.address1) for town in towns],
    )
