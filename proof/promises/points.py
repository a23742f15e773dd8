"""Points: a balance is the sum of what was posted, and every order spends and earns once."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from proof.observers import Outside
from proof.promises import Check, promise

OVERDUE = timedelta(seconds=60)


@promise("P1", "A balance of points is the sum of its entries, and was never below zero")
async def balances_are_sums(outside: Outside, check: Check) -> None:
    postings: dict[Any, list[Any]] = defaultdict(list)
    for row in await outside.rows("members", "SELECT * FROM point_postings ORDER BY member_id, number"):
        postings[row["member_id"]].append(row)
    for balance in await outside.rows("members", "SELECT * FROM point_balances"):
        where = f"member {balance['member_id']}"
        waiting = active = 0
        for number, row in enumerate(postings.pop(balance["member_id"], []), start=1):
            waiting, active = waiting + row["waiting"], active + row["active"]
            check.that(row["number"] == number, where, f"entry {number} is missing")
            check.that(
                min(waiting, active) >= 0, where, f"was {waiting} waiting, {active} active at {number}"
            )
            check.that(
                (waiting, active) == (row["waiting_after"], row["active_after"]),
                where,
                f"entry {number} says {row['waiting_after']}/{row['active_after']}, sums {waiting}/{active}",
            )
        check.that(
            (balance["waiting"], balance["active"]) == (waiting, active),
            where,
            f"has {balance['waiting']}/{balance['active']}, its entries make {waiting}/{active}",
        )
    for member_id in postings:
        check.that(False, f"member {member_id}", "has entries and no balance")
    held: dict[Any, int] = defaultdict(int)
    for row in await outside.rows(
        "members", "SELECT * FROM benefit_reservations WHERE status = 'held' AND NOT registration"
    ):
        held[row["member_id"]] += row["points_held"]
    for balance in await outside.rows("members", "SELECT * FROM point_balances"):
        member_id = balance["member_id"]
        check.that(
            balance["held"] == held[member_id],
            f"member {member_id}",
            f"{balance['held']} points are reserved, reservations make {held[member_id]}",
        )


@promise(
    "P2", "One entry per order and grant; every reservation ends once; points go back with order and money"
)
async def orders_move_points_once(outside: Outside, check: Check) -> None:
    postings = await outside.rows("members", "SELECT * FROM point_postings WHERE order_code IS NOT NULL")
    times = Counter((row["order_code"], row["kind"], row["reason"], row["grant_id"]) for row in postings)
    for (code, kind, reason, _), count in times.items():
        check.that(count == 1, f"order {code}", f"{kind} for {reason} {count} times")
    short = {
        row["order_code"]
        for row in await outside.rows(
            "members", "SELECT order_code FROM member_orders WHERE note LIKE '%points_short%'"
        )
    }
    of: dict[tuple[str, str], Any] = {(row["order_code"], row["kind"]): row for row in postings}
    orders = {row["code"]: row for row in await outside.rows("checkout", "SELECT * FROM orders")}
    for row in await outside.rows("members", "SELECT * FROM benefit_reservations"):
        where = f"reservation {row['reservation_id']}"
        ended = row["ended_at"] is not None
        check.that(ended == (row["status"] != "held"), where, f"{row['status']}, ended at {row['ended_at']}")
        committed = row["status"] == "committed"
        check.that(
            committed == (row["order_code"] is not None), where, f"{row['status']} and its order differ"
        )
        late = row["due_at"] is not None and row["due_at"] < outside.now() - OVERDUE
        check.that(not (row["status"] == "held" and late), where, "standing beyond its time")
    grants = await outside.rows("members", "SELECT * FROM point_grants WHERE reason = 'purchase'")
    standing = Counter(row["order_code"] for row in grants if row["state"] != "revoked")
    after_refund = {row["order_code"] for row in grants if row["money_returned"]}
    earned = {row["order_code"] for row in grants}
    sales = await _sales(outside)
    for code, order in orders.items():
        check.that(standing[code] <= 1, f"order {code}", f"{standing[code]} grants stand")
        used = of.get((code, "used"))
        spent = 0 if used is None else used["shortage"] - used["active"]
        wanted = order["points_used"] if order["member_id"] is not None else 0
        check.that(
            spent == wanted or code in short,
            f"order {code}",
            f"was placed with {wanted} points, {spent} were used",
        )
        if order["status"] == "cancelled":
            back = of.get((code, "returned"))
            returned = 0 if back is None else back["active"] + back["repaid"]
            check.that(returned == spent, f"order {code}", f"cancelled: used {spent}, gave {returned} back")
            check.that(not standing[code], f"order {code}", "cancelled, and its grant stands")
        else:
            check.that((code, "returned") not in of, f"order {code}", "alive, and gave its points back")
            if sales.get(code) == 0:
                check.that(
                    not standing[code], f"order {code}", "all its money went back, and its grant stands"
                )
            elif code in earned:
                # The money of a refunded order may turn out never to have come. Its points stay revoked.
                never_came = code in after_refund and code not in sales
                check.that(
                    bool(standing[code]) or never_came, f"order {code}", "alive, and its grant was revoked"
                )


async def _sales(outside: Outside) -> dict[str, int]:
    """Return what each order that was paid keeps of the money that paid for it, in yen."""
    payments = await outside.rows(
        "payments",
        "SELECT order_code, captured_amount - refunded_amount + coalesce((details ->> 'suspense_returned_amount')::bigint,"
        " least(suspense_amount, refunded_amount)) AS sale FROM payments WHERE captured_amount > 0",
    )
    return {row["order_code"]: row["sale"] for row in payments}
