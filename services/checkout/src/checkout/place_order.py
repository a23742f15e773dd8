"""Placing an order: one transaction from the idempotency key to the events, no call to anybody.

What the buyer's side sends is what is wanted, never what it costs: prices, shipping, fees and discounts are
computed here from our own rows and from signed statements. A lost answer is found again by its key.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError

from checkout.domain.cart import merged
from checkout.domain.methods import UNAVAILABLE, Method, check_choice
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
from checkout.storage.menu import read_menu
from checkout.storage.orders import NewOrder, insert_orders
from checkout.storage.placements import Placement, find_placement, keep_answer, take_key
from checkout.storage.products import read_products
from checkout.storage.shop_settings import read_shop_settings
from checkout.storage.stock import reserve_stock
from shared.clock import now
from shared.crash import crash_point
from shared.database import Database, Tx, is_transient
from shared.errors import Refused
from shared.events import Destination, OrderPlaced, StockReserved
from shared.ids import new_id

log = structlog.get_logger()

TRIES_MAX = 3
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


async def place_order(db: Database, purchase: Purchase, *, origin_url: str) -> Placement:
    """Store the order and say it, or find the one that this key already placed.

    Raises Refused where the rules say no, Busy when the database stayed unavailable for all tries: the order
    may then exist, and asking again with the same key tells.
    """
    for attempt in range(1, TRIES_MAX + 1):
        try:
            async with db.transaction() as tx:
                placement = await _place(tx, purchase, origin_url=origin_url)
                crash_point("K1")
            crash_point("K2")
        except IntegrityError as error:
            if is_transient(error):
                raise
            raise _once_only(error) from error
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("order.try_failed", attempt=attempt, error=type(error).__name__)
            await asyncio.sleep(0.05 * attempt)
        else:
            if not placement.repeated:
                log.info("order.placed", order_code=placement.order_code, payment_kind=purchase.payment_kind)
            return placement
    raise Busy


async def _place(tx: Tx, purchase: Purchase, *, origin_url: str) -> Placement:
    at = now()
    code = new_order_code(at)
    if not await take_key(tx, purchase, order_code=code, at=at):
        return await find_placement(tx, purchase)
    if purchase.cart_id is not None:
        other = await mark_ordered(tx, purchase.cart_id, order_code=code, at=at)
        if other is not None:
            raise Refused("cart_already_ordered", "このカートの商品はすでに注文済みです。")
    placed, method = await _order(tx, purchase, code=code, at=at, origin_url=origin_url)
    placement = Placement(code, placed.amounts.total, method.confirm_path)
    await keep_answer(tx, purchase.key, placement)
    await insert_orders(tx, [NewOrder(placed, method.group)])
    # Last, because everybody who wants the same product waits for this lock until our commit.
    quantities = merged(purchase.lines)
    short = await reserve_stock(tx, quantities, order_code=code, at=at)
    if short:
        _refuse_short(short, placed)
    tx.say(placed)
    if method.is_prepaid:
        tx.say(StockReserved(order_code=code))
    return placement


async def _order(
    tx: Tx, purchase: Purchase, *, code: str, at: datetime, origin_url: str
) -> tuple[OrderPlaced, Method]:
    """Compute the order from our own rows, and check that it may be paid as wished."""
    settings = await read_shop_settings(tx)
    products = await read_products(tx, merged(purchase.lines))
    lines = order_lines(purchase.lines, products)
    method = (await read_menu(tx)).find(purchase.payment_kind)
    if method is None:
        raise Refused("method_unavailable", UNAVAILABLE, field="payment_kind", status=422)
    benefit = purchase.benefit
    check_benefit(purchase, at=at)
    amounts = price_order(
        lines,
        settings.shipping,
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
    placed = OrderPlaced(
        order_code=code,
        payment_kind=method.kind,
        payment_name=method.name,
        payment_choice={**check_choice(method, purchase.payment_choice), **_wallets_session(wallet)},
        amounts=amounts,
        member_id=purchase.member_id,
        registration=registration_of(purchase),
        amazon_buyer_id=wallet.buyer_id if wallet else None,
        orderer=purchase.orderer,
        destinations=(Destination(destination_id=new_id(), address=purchase.address, lines=tuple(lines)),),
        points_used=benefit.points if benefit else 0,
        benefit_reservation_id=benefit.reservation_id if benefit else None,
        coupon=benefit.coupon.issue_id if benefit and benefit.coupon else None,
        placed_at=at,
        page_url=f"{origin_url.rstrip('/')}/orders/{code}",
    )
    return placed, method


def _wallets_session(wallet: Wallet | None) -> dict[str, str]:
    """Name the wallet's session to payments, which authorizes in it."""
    session_id = wallet.checkout_session_id if wallet else None
    return {"checkout_session_id": session_id} if session_id else {}


def _refuse_short(short: Mapping[str, int], placed: OrderPlaced) -> None:
    [(sku, left)] = short.items()
    name = next(line.name for line in placed.destinations[0].lines if line.sku == sku)
    text = f"「{name}」の在庫は残り{left}点です。" if left else f"「{name}」は売り切れました。"
    raise Refused("sold_out", f"{text}カートの数量を変更してください。", field="lines")


def _once_only(error: IntegrityError) -> Exception:
    """Say which statement was used twice; any other broken constraint is a bug."""
    text = str(error.orig)
    return next((refused for name, refused in _ONCE_ONLY.items() if name in text), error)
