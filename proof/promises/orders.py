"""Orders: none is lost, none is doubled, none is stuck, none changes its price or takes a forbidden step."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from proof.journal import Journal, Try
from proof.observers import Outside
from proof.promises import Check, promise
from proof.promises.steps import (
    AFTER_CANCELLATION,
    ORDER_BEGINS,
    ORDER_STEPS,
    REFUNDED_AT_ONCE,
)

OVERDUE = timedelta(seconds=60)
DECIDED = timedelta(minutes=10)
AXES = tuple(ORDER_STEPS)


@promise("O1", "Every order that was acknowledged exists once, with the same lines and total")
async def acknowledged_orders_exist(outside: Outside, check: Check) -> None:
    if outside.journal_file is None:
        return
    orders = {row["code"]: row for row in await outside.rows("checkout", "SELECT * FROM orders")}
    lines = await _lines(outside)
    for one in Journal(outside.journal_file).tries():
        if not one.acknowledged:
            continue
        code = str(one.answer.get("order_code"))
        order = orders.get(code)
        check.that(order is not None, f"order {code}", "acknowledged, and not in the database")
        if order is None:
            continue
        check.that(
            one.answer.get("total") in (None, order["total"]),
            f"order {code}",
            f"acknowledged with {one.answer.get('total')} yen, stored with {order['total']}",
        )
        wanted = _wanted_lines(one)
        if wanted is not None:
            stored = {line["sku"]: line["quantity"] for line in lines[code]}
            check.that(stored == wanted, f"order {code}", f"ordered {wanted}, stored {stored}")


@promise("O1", "")
async def told_orders_exist(outside: Outside, check: Check) -> None:
    """What was said of an order to other services is what is stored, and every stored order was told."""
    orders = {row["code"]: row for row in await outside.rows("checkout", "SELECT * FROM orders")}
    lines = await _lines(outside)
    told: dict[str, int] = defaultdict(int)
    for event in await outside.said("order_placed.v1"):
        code = event.body["order_code"]
        told[code] += 1
        order = orders.get(code)
        check.that(order is not None, f"order {code}", "was told to other services, and does not exist")
        if order is None:
            continue
        total = event.body["amounts"]["total"]
        check.that(total == order["total"], f"order {code}", f"told {total} yen, stored {order['total']}")
        stored = sorted((one["sku"], one["quantity"], one["unit_price"]) for one in lines[code])
        said = sorted(
            (one["sku"], one["quantity"], one["unit_price"])
            for destination in event.body["destinations"]
            for one in destination["lines"]
        )
        check.that(said == stored, f"order {code}", f"told the lines {said}, stored {stored}")
    for code in orders:
        check.that(told[code] == 1, f"order {code}", f"was told {told[code]} times, not once")


@promise("O2", "Every order is at its end, or waits for somebody known, with no deadline overdue by a minute")
async def no_order_is_stuck(outside: Outside, check: Check) -> None:
    now = outside.now()
    payments: dict[str, Any] = {}
    for row in await outside.rows("payments", "SELECT * FROM payments ORDER BY try_number"):
        payments[row["order_code"]] = row
    overdue = await outside.rows(
        "payments",
        "SELECT p.order_code, r.operation, r.state FROM payment_requests r JOIN payments p USING (payment_id)"
        " WHERE r.due_at < $1",
        now - OVERDUE,
    )
    late = {row["order_code"]: f"{row['operation']} {row['state']}" for row in overdue}
    for order in await outside.rows("checkout", "SELECT * FROM orders WHERE status = 'in_progress'"):
        stuck = _why_stuck(order, payments.get(order["code"]), now - order["placed_at"] > DECIDED)
        check.that(stuck is None, f"order {order['code']}", stuck or "")
    for code, payment in payments.items():
        due = payment["due_at"]
        check.that(
            due is None or due > now - OVERDUE,
            f"payment of {code}",
            f"{payment['state']}, and its deadline {due} was missed",
        )
        check.that(code not in late, f"payment of {code}", f"its request is overdue: {late.get(code)}")


def _why_stuck(order: Mapping[str, Any], payment: Mapping[str, Any] | None, is_old: bool) -> str | None:
    """Return why nobody would move this order any more, or None if somebody will."""
    state = order["payment"]
    if payment is None:
        return "payments knows nothing of it"
    if state in ("failed", "expired"):
        return f"its payment {state}, and it was not cancelled"
    if order["payment_flow"] == "unmanaged":
        return None  # staff ship it, the carrier takes the money
    if state == "awaited":
        waits = payment["due_at"] is not None or payment["state"] == "waiting_for_buyer"
        return None if waits or not is_old else f"its payment is {payment['state']}, and nothing is due"
    if state == "number_issued":
        return None if payment["state"] == "waiting" else f"has a number, its payment is {payment['state']}"
    if order["shipping"] == "shipped" and order["deposit"] == "unpaid":
        if payment["capture_policy"] != "on_shipped" or payment["attention"]:
            return None  # staff take the money
        moving = payment["state"] == "capturing" or state == "voided"
        return None if moving else f"shipped, and its payment is {payment['state']}"
    return None  # staff ship it


@promise("O3", "One idempotency key makes one order at most, and always gets the same answer")
async def keys_are_used_once(outside: Outside, check: Check) -> None:
    placements = await outside.rows("checkout", "SELECT key, order_code FROM placements")
    orders_of: dict[str, set[str]] = defaultdict(set)
    keys_of: dict[str, set[str]] = defaultdict(set)
    for row in placements:
        orders_of[row["key"]].add(row["order_code"])
        keys_of[row["order_code"]].add(row["key"])
    for code, keys in keys_of.items():
        check.that(len(keys) == 1, f"order {code}", f"has {len(keys)} keys")
    if outside.journal_file is None:
        return
    by_key: dict[str, list[Try]] = defaultdict(list)
    for one in Journal(outside.journal_file).tries():
        by_key[one.key].append(one)
    for key, tries in by_key.items():
        taken = [one for one in tries if one.acknowledged]
        codes = {str(one.answer.get("order_code")) for one in taken}
        check.that(len(codes) <= 1, f"key {key}", f"was answered with several orders: {sorted(codes)}")
        bodies = {repr(sorted(one.wanted.items())) for one in taken}
        check.that(len(bodies) <= 1, f"key {key}", "two different wishes were both taken")
        check.that(codes <= orders_of[key], f"key {key}", f"answered {codes}, stored {orders_of[key]}")


@promise("O4", "The history of every order has no gaps and takes only allowed steps")
async def orders_take_allowed_steps(outside: Outside, check: Check) -> None:
    histories: dict[str, list[Any]] = defaultdict(list)
    for row in await outside.rows("checkout", "SELECT * FROM order_history ORDER BY order_code, version"):
        histories[row["order_code"]].append(row)
    orders = await outside.rows("checkout", "SELECT * FROM orders")
    for order in orders:
        history = histories.pop(order["code"], [])
        wrong = _wrong_step(order, history)
        check.that(wrong is None, f"order {order['code']}", wrong or "")
    for code in histories:
        check.that(False, f"order {code}", "has a history and does not exist")


def _wrong_step(order: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str | None:
    versions = [row["version"] for row in history]
    if versions != list(range(1, len(history) + 1)):
        return f"its versions are {versions}"
    if not history or order["version"] != len(history):
        return f"it is at version {order['version']}, its history at {len(history)}"
    if any(history[0][axis] != begins for axis, begins in ORDER_BEGINS.items()):
        return f"it began as {[history[0][axis] for axis in AXES]}"
    if any(order[axis] != history[-1][axis] for axis in AXES):
        return "it does not stand as its history says"
    for before, after in itertools.pairwise(history):
        moved = [axis for axis in AXES if before[axis] != after[axis]]
        if len(moved) > 1:
            return f"version {after['version']} moved {moved} at once"
        for axis in moved:
            allowed = ORDER_STEPS[axis]
            if axis == "payment" and before["status"] == "cancelled":
                allowed |= REFUNDED_AT_ONCE
            if (before[axis], after[axis]) not in allowed:
                return f"version {after['version']}: {axis} went from {before[axis]} to {after[axis]}"
            if before["status"] == "cancelled" and axis not in AFTER_CANCELLATION:
                return f"version {after['version']}: {axis} moved after the cancellation"
        if "shipping" in moved:
            # A person may ship although the money left again, with a reason under their name.
            left_again = before["payment"] in ("short", "refunded")
            if order["paid_before_shipping"] and before["deposit"] != "paid" and not left_again:
                return "it was shipped before it was paid"
            if order["payment_flow"] == "authorized" and before["payment"] == "awaited":
                return "it was shipped before it was authorized"
    return None


@promise("O5", "The total of an order is what its lines, fees and discounts make, and what was taken for it")
async def totals_add_up(outside: Outside, check: Check) -> None:
    lines = await _lines(outside)
    # Several may be authorized one after the other; each must be for the order's total.
    authorized: dict[str, set[int]] = defaultdict(set)
    for movement in await outside.movements():
        if movement.kind == "authorized":
            authorized[movement.order_code].add(movement.amount)
    prices = await _prices(outside)
    for order in await outside.rows("checkout", "SELECT * FROM orders"):
        code = order["code"]
        items = sum(line["quantity"] * line["unit_price"] for line in lines[code])
        fees = order["shipping_fee"] + order["payment_fee"] + order["adjusted_amount"]
        discounts = order["point_discount"] + order["coupon_discount"]
        check.that(
            items == order["items_amount"],
            f"order {code}",
            f"lines make {items}, not {order['items_amount']}",
        )
        total = items + fees - discounts
        check.that(total == order["total"], f"order {code}", f"adds up to {total}, not {order['total']}")
        check.that(
            order["point_discount"] == order["points_used"],
            f"order {code}",
            f"{order['points_used']} points took {order['point_discount']} yen off",
        )
        for line in lines[code]:
            price = prices.get(line["sku"])
            check.that(
                price in (None, line["unit_price"]),
                f"order {code}",
                f"{line['sku']} was sold for {line['unit_price']}, its price is {price}",
            )
        for amount in authorized[code]:
            check.that(
                amount == order["total"],
                f"order {code}",
                f"the provider authorized {amount}, the total is {order['total']}",
            )


async def _prices(outside: Outside) -> dict[str, int]:
    rows = await outside.rows("checkout", "SELECT sku, unit_price FROM products")
    return {row["sku"]: row["unit_price"] for row in rows}


async def _lines(outside: Outside) -> dict[str, list[Any]]:
    lines: dict[str, list[Any]] = defaultdict(list)
    for row in await outside.rows("checkout", "SELECT * FROM order_lines"):
        lines[row["order_code"]].append(row)
    return lines


def _wanted_lines(one: Try) -> dict[str, int] | None:
    wanted = one.wanted.get("lines")
    if wanted is None:
        return None
    found: dict[str, int] = defaultdict(int)
    for line in wanted:
        found[line["sku"]] += line["quantity"]
    return dict(found)
