"""Placing an order: one transaction from the idempotency key to the events, no call to anybody.

What the buyer's side sends is what is wanted, never what it costs: prices, shipping, fees and discounts are
computed here from our own rows and from signed statements. A lost answer is found again by its key.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from asyncpg import IntegrityConstraintViolationError

from checkout.domain.cart import Product, merged
from checkout.domain.holds import HoldLimits, Holds, counted_mail
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
from checkout.storage.placements import Placement, find_placements, take_keys
from checkout.storage.products import read_products
from checkout.storage.shop_settings import ShopSettings
from checkout.storage.stock import reserve_stock
from shared.clock import now
from shared.crash import crash_point
from shared.database import Database, Tx, is_transient
from shared.errors import Refused
from shared.events import Destination, OrderPlaced, StockReserved
from shared.ids import new_id
from shared.together import Together

log = structlog.get_logger()

TRIES_MAX = 3
BATCH_MAX = 100
_ONCE_ONLY = {
    "placements_benefit_once": Refused(
        "benefit_used",
        "このポイントまたはクーポンはすでに別のご注文に使われています。もう一度指定してください。",
    ),
    "placements_wallet_once": Refused(
        "wallet_used",
        "この画面でのお支払いはすでに完了しています。カートからやり直してください。",
    ),
}


class Busy(Exception):
    """The database could not take the order now; nothing was ordered, and the same request may come again."""


class _Turned(Exception):
    """Some orders of a batch are refused after others were written: begin anew without them."""

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        self.refused = refused


class Till:
    """Where orders are placed: one transaction each, or one for all that came while the last one ran."""

    def __init__(self, db: Database, *, origin_url: str, limits: HoldLimits = HoldLimits()) -> None:  # noqa: B008
        self._db = db
        self._origin_url = origin_url.rstrip("/")
        self._limits = limits
        self._together: Together[Purchase, Placement | Refused] = Together(
            self._place_together, batch_max=BATCH_MAX, key=lambda purchase: purchase.key
        )

    async def place(self, purchase: Purchase) -> Placement:
        """Store the order and say it, or find the one that this key already placed.

        Raises Refused where the rules say no, Busy when the database stayed unavailable for all tries: the
        order may then exist, and asking again with the same key tells.
        """
        placement = await self._together.do(purchase)
        if isinstance(placement, Refused):
            raise placement
        if not placement.repeated:
            log.info("order.placed", order_code=placement.order_code, payment_kind=purchase.payment_kind)
        return placement

    async def _place_together(self, purchases: Sequence[Purchase]) -> list[Placement | Refused]:
        outcomes: dict[str, Placement | Refused] = {}
        left = {purchase.key: purchase for purchase in purchases}
        for attempt in range(1, TRIES_MAX + 1):
            try:
                while left:
                    try:
                        outcomes |= await self._place_all(list(left.values()))
                        left = {}
                    except _Turned as turned:
                        outcomes |= turned.refused
                        left = {key: one for key, one in left.items() if key not in turned.refused}
                return [outcomes[purchase.key] for purchase in purchases]
            except IntegrityConstraintViolationError as error:
                raise _once_only(error) from error
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("order.try_failed", attempt=attempt, error=type(error).__name__)
                await asyncio.sleep(0.05 * attempt)
        raise Busy

    async def _place_all(self, purchases: Sequence[Purchase]) -> dict[str, Placement | Refused]:
        async with self._db.transaction() as tx:
            outcomes = await _place(tx, purchases, origin_url=self._origin_url, limits=self._limits)
            crash_point("K1")
        crash_point("K2")
        return outcomes


async def _place(
    tx: Tx, purchases: Sequence[Purchase], *, origin_url: str, limits: HoldLimits
) -> dict[str, Placement | Refused]:
    """Place orders by their keys. Raises _Turned if the transaction must begin anew without some."""
    at = now()
    shop = await _read_shop(tx, purchases, limits)
    refusals: dict[str, Placement | Refused] = {}
    new: list[_New] = []
    for purchase in purchases:
        try:
            one = _order(shop, purchase, code=new_order_code(at), at=at, origin_url=origin_url)
            _check_hold(shop.holds, one)
            new.append(one)
        except Refused as refused:
            refusals[purchase.key] = refused
    taken = await take_keys(tx, [(one.purchase, one.placement) for one in new], at=at)
    # A key that is taken has placed an order, whatever the rules say today; only a new key is refused.
    known = await find_placements(tx, [one for one in purchases if one.key not in taken])
    outcomes = refusals | known
    new = [one for one in new if one.purchase.key in taken]
    if not new:
        return outcomes
    await _tie_carts(tx, new, at=at)
    await insert_orders(
        tx,
        [
            NewOrder(
                placed=one.placed,
                number=taken[one.purchase.key],
                page_key=one.page_key,
                client_address=one.purchase.client_address or None,
            )
            for one in new
        ],
    )
    # Last, and sent with the orders: everybody who wants the same product waits for this lock until our commit.
    wanted = {one.code: merged(one.purchase.lines) for one in new}
    short = await reserve_stock(tx, wanted, at=at)
    if short:
        raise _Turned(
            {one.purchase.key: _sold_out(*short[one.code], one.placed) for one in new if one.code in short}
        )
    for one in new:
        tx.say(one.placed)
        if one.method.flow == "prepaid":
            tx.say(StockReserved(order_code=one.code))
    return outcomes | {one.purchase.key: one.placement for one in new}


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

    @property
    def placement(self) -> Placement:
        total = self.placed.amounts.total
        return Placement(self.code, total, self.method.confirm_path if total else None)


async def _read_shop(tx: Tx, purchases: Sequence[Purchase], limits: HoldLimits) -> _Shop:
    skus = {sku for purchase in purchases for sku in merged(purchase.lines)}
    rules = await read_rules(
        tx,
        mails=sorted({counted_mail(one.orderer.email) for one in purchases}),
        client_addresses=sorted({one.client_address for one in purchases if one.client_address}),
        codes=sorted({code for one in purchases for code in one.earlier_orders}),
        orders_max=limits.orders_read_max,
    )
    return _Shop(rules.settings, await read_products(tx, skus), rules.menu, Holds(limits, rules.held))


def _check_hold(holds: Holds, new: _New) -> None:
    """Refuse what would hold too much stock for money that comes later, or never. Raises Refused."""
    total, secured = new.placed.amounts.total, new.method.flow == "authorized"
    holds.limits.check_size(new.purchase, total, secured=secured)
    if total > 0:
        holds.check(new.purchase, secured=secured)
        if not secured:
            holds.add(new.purchase, new.code)


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
        raise _Turned(untied)


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


def _once_only(error: IntegrityConstraintViolationError) -> Exception:
    """Say which statement was used twice; any other broken constraint is a bug."""
    refused = _ONCE_ONLY.get(error.constraint_name or "")
    return refused or error
