"""Placing an order: one transaction from the idempotency key to the events, no call to anybody.

What the buyer's side sends is what is wanted, never what it costs: prices, shipping, fees and discounts are
computed here from our own rows and from signed statements. A lost answer is found again by its key.

Consumers and due work call :func:`place_orders` or :func:`place_order` in their own transaction; requests go
to the till (``till.py``), which places many together.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asyncpg import IntegrityConstraintViolationError

from checkout.domain.cart import Product, merged
from checkout.domain.holds import HoldLimits, Holds
from checkout.domain.methods import UNAVAILABLE, Menu, Method, check_choice
from checkout.domain.order_code import new_order_code
from checkout.domain.price import NO_DISCOUNTS, price_order
from checkout.domain.purchase import (
    Purchase,
    check_benefit,
    check_method,
    order_lines,
    registration_of,
)
from checkout.domain.vouchers import Wallet
from checkout.storage.carts import mark_ordered
from checkout.storage.menu import read_rules
from checkout.storage.orders import NewOrder, insert_orders
from checkout.storage.placements import Placement, find_placements, take_keys, used_twice
from checkout.storage.products import read_products
from checkout.storage.shop_settings import ShopSettings
from checkout.storage.stock import reserve_stock
from shared.cause import Cause, current_cause, following
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused
from shared.events import Destination, OrderPlaced, StockReserved
from shared.ids import new_id


class BeginAnew(Exception):
    """Some orders are ``refused``, by their keys, after others were written: undo all and begin anew without them."""

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        self.refused = refused


@dataclass(frozen=True)
class PlacingSettings:
    """What placing orders needs from the settings of the service: its address, and what one buyer may hold."""

    origin_url: str
    limits: HoldLimits = HoldLimits()  # noqa: RUF009 - frozen


async def place_order(tx: Tx, purchase: Purchase, settings: PlacingSettings) -> Placement:
    """Place one order in the caller's transaction, or find the one that its key already placed.

    Raises Refused where the rules say no; nothing of the order is left in the transaction then.
    """
    outcome = (await place_orders(tx, [purchase], settings))[purchase.key]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


async def place_orders(
    tx: Tx, purchases: Sequence[Purchase], settings: PlacingSettings
) -> dict[str, Placement | Refused]:
    """Place orders in the caller's transaction; return by their keys what was placed, found or refused.

    What is refused leaves nothing behind, and nothing in the way of the others. Keys differ.
    """
    outcomes: dict[str, Placement | Refused] = {}
    left = {purchase.key: purchase for purchase in purchases}
    while left:
        try:
            async with tx.savepoint():
                stored = await store_orders(tx, list(left.values()), settings)
        except BeginAnew as anew:
            outcomes |= anew.refused
            left = {key: one for key, one in left.items() if key not in anew.refused}
        except IntegrityConstraintViolationError as error:
            refused = used_twice(error)
            if refused is None:
                raise
            if len(left) > 1:
                for one in left.values():
                    outcomes |= await place_orders(tx, [one], settings)
                return outcomes
            return outcomes | dict.fromkeys(left, refused)
        else:
            say_placed(tx, stored)
            return outcomes | stored.outcomes
    return outcomes


@dataclass(frozen=True, slots=True)
class Stored:
    """``outcomes`` by key, and the orders of which nobody has heard yet."""

    outcomes: dict[str, Placement | Refused]
    new: Sequence["_New"]


async def store_orders(tx: Tx, purchases: Sequence[Purchase], settings: PlacingSettings) -> Stored:
    """Write orders with their keys and their stock. The caller says them, with :func:`say_placed`.

    Raises BeginAnew if the transaction, or its savepoint, must begin anew without some of them, and
    IntegrityConstraintViolationError if what may be used once was used before; ``used_twice`` reads it.
    """
    at = now()
    shop = await _read_shop(tx, purchases, settings.limits)
    refusals: dict[str, Placement | Refused] = {}
    new: list[_New] = []
    for purchase in purchases:
        try:
            one = _order(shop, purchase, code=new_order_code(at), at=at, origin_url=settings.origin_url)
            _check_hold(shop.holds, one)
            new.append(one)
        except Refused as refused:
            refusals[purchase.key] = refused
    taken = await take_keys(tx, [(one.purchase, one.placement) for one in new], at=at)
    # A key that is taken has placed an order, whatever the rules say today; only a new key is refused.
    known = await find_placements(tx, [one for one in purchases if one.key not in taken])
    new = [one.numbered(taken[one.purchase.key]) for one in new if one.purchase.key in taken]
    if new:
        await _write(tx, new, at=at)
    return Stored(refusals | known | {one.purchase.key: one.placement for one in new}, new)


async def _write(tx: Tx, new: Sequence["_New"], *, at: datetime) -> None:
    await _tie_carts(tx, new, at=at)
    await insert_orders(
        tx,
        [
            NewOrder(
                placed=one.placed,
                page_key=one.page_key,
                client_address=one.purchase.counted_client,
            )
            for one in new
        ],
    )
    # Last, and sent with the orders: everybody who wants the same product waits for this lock until our commit.
    wanted = {one.code: merged(one.purchase.lines) for one in new}
    short = await reserve_stock(tx, wanted, at=at)
    if short:
        raise BeginAnew(
            {one.purchase.key: _sold_out(*short[one.code], one.placed) for one in new if one.code in short}
        )


def say_placed(tx: Tx, stored: Stored, causes: Mapping[str, Cause] | None = None) -> None:
    """Say the new orders with this commit, and of prepaid ones that their stock is held.

    ``causes`` are what each follows from, by its key; without them, all follow from what the caller follows from.
    """
    for one in stored.new:
        with following(causes[one.purchase.key] if causes else current_cause()):
            tx.say(one.placed)
            if one.method.flow == "prepaid":
                tx.say(StockReserved(order_code=one.code, caused_by=one.placed.event_id))


@dataclass(frozen=True, slots=True)
class _Shop:
    """What an order is computed from: our own rows, read in its transaction."""

    settings: ShopSettings
    products: Mapping[str, Product]
    menu: Menu
    holds: Holds


@dataclass(frozen=True, slots=True)
class _New:
    """An order that the rules allow, not yet stored."""

    purchase: Purchase
    placed: OrderPlaced
    method: Method
    page_key: str

    @property
    def code(self) -> str:
        return self.placed.order_code

    def numbered(self, number: int) -> "_New":
        return replace(self, placed=self.placed.model_copy(update={"order_number": number}))

    @property
    def placement(self) -> Placement:
        total = self.placed.amounts.total
        return Placement(self.code, total, self.method.confirm_path if total else None)


async def _read_shop(tx: Tx, purchases: Sequence[Purchase], limits: HoldLimits) -> _Shop:
    skus = {sku for purchase in purchases for sku in merged(purchase.lines)}
    rules = await read_rules(tx, buyers=purchases, orders_max=limits.orders_read_max)
    return _Shop(rules.settings, await read_products(tx, skus), rules.menu, Holds(limits, rules.held))


def _check_hold(holds: Holds, new: _New) -> None:
    """Refuse what would hold too much stock for money that comes later, or never. Raises Refused."""
    total, secured = new.placed.amounts.total, new.method.flow == "authorized"
    holds.limits.check_size(new.purchase, total, secured=secured)
    if total > 0:
        holds.check(new.purchase, secured=secured)
        holds.add(new.purchase, new.code, secured=secured)


async def _tie_carts(tx: Tx, new: Sequence[_New], *, at: datetime) -> None:
    codes = {one.purchase.cart_id: one.code for one in new if one.purchase.cart_id is not None}
    tied = await mark_ordered(tx, codes, at=at)
    refused = Refused("cart_already_ordered", "このカートの商品はすでに注文済みです。")
    untied = {
        one.purchase.key: refused
        for one in new
        if one.purchase.cart_id is not None and (one.purchase.cart_id, one.code) not in tied
    }
    if untied:
        raise BeginAnew(untied)


def _order(shop: _Shop, purchase: Purchase, *, code: str, at: datetime, origin_url: str) -> _New:
    """Compute the order, and check that it may be paid as wished. Raises Refused."""
    lines = order_lines(purchase.lines, shop.products)
    method = shop.menu.find(purchase.payment_kind)
    if method is None:
        raise Refused("method_unavailable", UNAVAILABLE, field="payment_kind", status=422)
    benefit = purchase.benefit
    check_benefit(purchase, at=at)
    amounts = price_order(
        lines,
        shop.settings.shipping,
        fee=method.fee,
        discounts=benefit.discounts if benefit else NO_DISCOUNTS,
    )
    check_method(method, purchase, amounts.total)
    if purchase.total_seen is not None and purchase.total_seen != amounts.total:
        raise Refused(
            "total_changed",
            f"お支払い合計が¥{amounts.total:,}に変わりました。ご確認のうえ、もう一度確定してください。",
            field="total",
        )
    wallet = purchase.wallet
    page_key = secrets.token_urlsafe(16)
    placed = OrderPlaced(
        order_code=code,
        payment_kind=method.kind,
        payment_name=method.name,
        payment_flow=method.flow,
        payment_deposit=method.deposit,
        paid_before_shipping=method.paid_before_shipping,
        payment_choice={**check_choice(method, purchase.payment_choice), **_wallets_session(wallet)},
        amounts=amounts,
        member_id=purchase.member_id,
        registration=registration_of(purchase),
        wallet_kind=wallet.kind if wallet else None,
        wallet_buyer_id=wallet.buyer_id if wallet else None,
        orderer=purchase.orderer,
        destinations=(Destination(destination_id=new_id(), address=purchase.address, lines=tuple(lines)),),
        points_used=benefit.points if benefit else 0,
        benefit_reservation_id=benefit.reservation_id if benefit else None,
        coupon=benefit.coupon.issue_id if benefit and benefit.coupon else None,
        coupon_name=benefit.coupon.name if benefit and benefit.coupon else "",
        placed_at=at,
        page_url=f"{origin_url}/orders/{code}?key={page_key}",
    )
    return _New(purchase, placed, method, page_key)


def _wallets_session(wallet: Wallet | None) -> dict[str, str]:
    """Name the wallet's session to payments, which authorizes in it."""
    session_id = wallet.checkout_session_id if wallet else None
    return {"checkout_session_id": session_id} if session_id else {}


def _sold_out(sku: str, left: int, placed: OrderPlaced) -> Refused:
    name = next(line.name for line in placed.destinations[0].lines if line.sku == sku)
    text = f"「{name}」の在庫は残り{left}点です。" if left else f"「{name}」は売り切れました。"
    return Refused("sold_out", f"{text}カートの数量を変更してください。", field="lines")
