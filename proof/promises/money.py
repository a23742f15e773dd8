"""Money: taken once, only for orders, and given back where the order ended. The ledgers are the truth."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from proof.observers import Movement, Outside
from proof.promises import Check, promise
from proof.promises.steps import PAYMENT_ENDS, PAYMENT_STEPS

# Words of the providers' ledgers.
TAKEN = frozenset({"captured", "paid"})
HELD = frozenset({"authorized"})
TAKEN_BACK = frozenset({"reversed"})
GIVEN_BACK = frozenset({"refunded", "payout"})
BACK_ASKED = frozenset({"refund_initiated"}) | GIVEN_BACK
REFUND_ASKED = frozenset({"refund_initiated", "payout"})
# Reasons of the journal: what a receipt promised and that came to nothing, out of what was here, out of a loss, and as a loss.
_REVERSED = frozenset({"sale_reversed", "suspense_reversed"})
_REVERSED_LATER = frozenset({"loss_is_sale_reversed", "loss_is_suspense_reversed"})
_REVERSED_BEYOND = frozenset({"reversed_after_refund"})
UNKNOWN_FOR_MAX = timedelta(minutes=10)


def _sum(movements: Iterable[Movement], kinds: frozenset[str]) -> int:
    return sum(one.amount for one in movements if one.kind in kinds)


async def _by_order(outside: Outside) -> dict[str, list[Movement]]:
    found: dict[str, list[Movement]] = defaultdict(list)
    for movement in await outside.movements():
        if movement.order_code:
            found[movement.order_code].append(movement)
    return found


async def _orders(outside: Outside) -> dict[str, Any]:
    return {row["code"]: row for row in await outside.rows("checkout", "SELECT * FROM orders")}


async def _payments(outside: Outside) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in await outside.rows("payments", "SELECT * FROM payments ORDER BY try_number"):
        found[row["order_code"]].append(row)
    return found


@promise("M1", "At most one capture per payment; captured is at most authorized is at most the order's total")
async def money_is_taken_once(outside: Outside, check: Check) -> None:
    orders = await _orders(outside)
    charges: dict[tuple[str, str], list[Movement]] = defaultdict(list)
    for movement in await outside.movements():
        charges[movement.method, movement.charge].append(movement)
    for (method, charge), movements in charges.items():
        held, taken = _sum(movements, HELD), _sum(movements, TAKEN)
        if not held:
            continue  # a buyer's own payment: what is too much goes to suspense (M6)
        where = f"{method} {charge}"
        times = sum(one.kind in TAKEN for one in movements)
        check.that(times <= 1, where, f"captured {times} times")
        check.that(taken <= held, where, f"captured {taken} of {held} authorized")
    by_order = await _by_order(outside)
    for code, movements in by_order.items():
        order = orders.get(code)
        held = max((one.amount for one in movements if one.kind in HELD), default=0)
        check.that(order is not None or not held, f"order {code}", f"{held} authorized for an unknown order")
        if order is not None and held:
            check.that(held <= order["total"], f"order {code}", f"{held} authorized for {order['total']}")
            taken = _sum(movements, TAKEN) - _sum(movements, GIVEN_BACK)
            check.that(taken <= order["total"], f"order {code}", f"{taken} taken for {order['total']}")


@promise("M2", "Captured money makes the order paid, or the order is cancelled and all of it goes back")
async def taken_money_is_for_an_order(outside: Outside, check: Check) -> None:
    orders, payments, by_order = await _orders(outside), await _payments(outside), await _by_order(outside)
    for code, taken in (await _taken(outside, by_order)).items():
        order, where = orders.get(code), f"order {code}"
        check.that(order is not None, where, f"{taken} yen were taken for an order that does not exist")
        if order is None or (order["deposit"] == "paid" and order["status"] != "cancelled"):
            continue
        tries = payments.get(code, [])
        gone = _gone(by_order.get(code, []), tries)
        listed = any(row["attention"] for row in tries)
        if order["status"] == "cancelled":
            check.that(gone >= taken or listed, where, f"cancelled, {taken} taken, only {gone} going back")
        else:
            short = taken - gone < order["total"] and listed
            check.that(
                gone >= taken or short, where, f"{taken} of {order['total']} yen were taken, and it is unpaid"
            )


def _gone(movements: list[Movement], tries: Iterable[Any]) -> int:
    """What is no longer here, in yen: going back, taken back by a till, or gone by a way that no ledger shows.

    Such ways are a chargeback that the bank decided for the buyer, and a refund that a member of staff recorded.
    """
    back = max(_sum(movements, frozenset({kind})) for kind in BACK_ASKED)
    beside = sum(int(row["details"].get("beside_provider_amount", 0)) for row in tries)
    return back + _sum(movements, TAKEN_BACK) + beside


@promise("M3", "A paid order has a capture, a deposit at the provider, or a receipt that staff confirmed")
async def paid_orders_have_their_money(outside: Outside, check: Check) -> None:
    taken = await _taken(outside, await _by_order(outside))
    for code, order in (await _orders(outside)).items():
        if order["deposit"] == "paid":
            enough = taken.get(code, 0) >= order["total"]
            check.that(enough, f"order {code}", f"paid, and only {taken.get(code, 0)} of {order['total']}")


async def _taken(outside: Outside, by_order: Mapping[str, list[Movement]]) -> dict[str, int]:
    """Order -> what was taken for it: by the provider's ledger, else by the word of a member of staff."""
    taken = await _deposits_by_staff(outside)
    taken |= {code: _sum(movements, TAKEN) for code, movements in by_order.items() if _sum(movements, TAKEN)}
    return taken


async def _deposits_by_staff(outside: Outside) -> dict[str, int]:
    """Order -> what was deposited by the word of a member of staff, who is on record in checkout."""
    asked = {event.body["order_code"]: event for event in await outside.said("capture_requested.v1")}
    booked = await outside.rows(
        "payments",
        "SELECT p.order_code, sum(r.amount) AS amount FROM receipts r JOIN payments p USING (payment_id)"
        " GROUP BY 1",
    )
    return {
        row["order_code"]: int(row["amount"])
        for row in booked
        if row["order_code"] in asked and asked[row["order_code"]].body.get("by")
    }


@promise("M4", "What goes back is at most what was taken, and each refund is asked for once")
async def refunds_are_covered(outside: Outside, check: Check) -> None:
    by_order = await _by_order(outside)
    taken = await _taken(outside, by_order)
    for code, movements in by_order.items():
        back = _sum(movements, GIVEN_BACK)
        check.that(back <= taken.get(code, 0), f"order {code}", f"{back} of {taken.get(code, 0)} went back")
        keys = Counter(one.key for one in movements if one.kind in REFUND_ASKED and one.key)
        for key, times in keys.items():
            check.that(times == 1, f"order {code}", f"the refund {key} was made {times} times")


@promise("M5", "No payment stays unknown for ten minutes without being listed for staff")
async def unknown_is_resolved(outside: Outside, check: Check) -> None:
    for row in await outside.rows("payments", "SELECT * FROM payments WHERE state = 'unknown'"):
        age = outside.now() - row["changed_at"]
        known = age < UNKNOWN_FOR_MAX or row["attention"]
        check.that(bool(known), f"payment of {row['order_code']}", f"unknown for {age}")


@promise("M6", "Each deposit is booked once; all deposits are allocated, in suspense, or given back")
async def deposits_are_booked_once(outside: Outside, check: Check) -> None:
    receipts: dict[Any, int] = defaultdict(int)
    for row in await outside.rows("payments", "SELECT payment_id, amount FROM receipts"):
        receipts[row["payment_id"]] += row["amount"]
    reversed_amounts: dict[tuple[Any, str], int] = defaultdict(int)
    for line in await outside.rows("payments", "SELECT * FROM journal_lines"):
        reversed_amounts[line["payment_id"], line["reason"]] += line["debit"]
    by_order = await _by_order(outside)
    taken = await _taken(outside, by_order)
    for code, tries in (await _payments(outside)).items():
        booked = sum(receipts[row["payment_id"]] for row in tries)
        kept = sum(row["captured_amount"] + row["suspense_amount"] for row in tries)
        left = booked - _booked_for(tries, reversed_amounts, _REVERSED | _REVERSED_LATER)
        check.that(left == kept, f"payment of {code}", f"booked {left}, allocated and suspended {kept}")
        stands = booked - _booked_for(tries, reversed_amounts, _REVERSED | _REVERSED_BEYOND)
        came = taken.get(code, 0) - _sum(by_order.get(code, []), TAKEN_BACK)
        check.that(stands == came, f"payment of {code}", f"booked {stands}, and {came} came in")


def _booked_for(tries: Iterable[Any], amounts: Mapping[tuple[Any, str], int], reasons: frozenset[str]) -> int:
    """What was booked on the tries of an order for some reasons, in yen."""
    return sum(amounts.get((row["payment_id"], reason), 0) for row in tries for reason in reasons)


@promise("M7", "Every movement is two lines of the same amount, and the accounts say what payments say")
async def journal_balances(outside: Outside, check: Check) -> None:
    lines = await outside.rows("payments", "SELECT * FROM journal_lines")
    both: dict[tuple[Any, str, str], list[Any]] = defaultdict(list)
    accounts: dict[tuple[Any, str], int] = defaultdict(int)
    for line in lines:
        both[line["payment_id"], line["reason"], line["subject"]].append(line)
        accounts[line["payment_id"], line["account"]] += line["debit"] - line["credit"]
    for (payment_id, reason, subject), pair in both.items():
        debit, credit = sum(one["debit"] for one in pair), sum(one["credit"] for one in pair)
        where = f"payment {payment_id}, {reason} {subject}"
        check.that(len(pair) == 2, where, f"has {len(pair)} lines")
        check.that(debit == credit > 0, where, f"debit {debit}, credit {credit}")
    for tries in (await _payments(outside)).values():
        for row in tries:
            held = accounts[row["payment_id"], "receivable"]
            lost = accounts[row["payment_id"], "losses"]
            kept = row["captured_amount"] + row["suspense_amount"] - row["refunded_amount"] - lost
            where = f"payment of {row['order_code']}"
            check.that(held == kept, where, f"its accounts hold {held}, it says {kept}")


@promise("O4", "")
async def payments_take_allowed_steps(outside: Outside, check: Check) -> None:
    """The same for payments: no gaps, allowed steps only, and they stand as their history says."""
    histories: dict[Any, list[Any]] = defaultdict(list)
    for row in await outside.rows("payments", "SELECT * FROM payment_history ORDER BY payment_id, version"):
        histories[row["payment_id"]].append(row)
    for row in await outside.rows("payments", "SELECT * FROM payments"):
        wrong = _wrong_step(row, histories[row["payment_id"]])
        check.that(wrong is None, f"payment of {row['order_code']}", wrong or "")


def _wrong_step(payment: Mapping[str, Any], history: list[Any]) -> str | None:
    versions = [row["version"] for row in history]
    if versions != list(range(1, len(history) + 1)):
        return f"its versions are {versions}"
    if not history or (payment["version"], payment["state"]) != (len(history), history[-1]["state"]):
        return f"it is {payment['state']}, which its history does not say"
    for before, after in itertools.pairwise(history):
        step = (before["state"], after["state"])
        # A line may also tell what happened while the payment stayed as it was.
        moved = step[0] != step[1]
        if before["state"] in PAYMENT_ENDS or (moved and step not in PAYMENT_STEPS):
            return f"version {after['version']} went from {step[0]} to {step[1]}"
    return None
