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


@promise("P2", "One entry per order and reason; every reservation ends once; a cancelled order gives back")
async def orders_move_points_once(outside: Outside, check: Check) -> None:
    postings = await outside.rows("members", "SELECT * FROM point_postings WHERE order_code IS NOT NULL")
    times = Counter((row["order_code"], row["kind"], row["reason"]) for row in postings)
    for (code, kind, reason), count in times.items():
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
    for code, order in orders.items():
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
            granted = [
                row
                for row in postings
                if (row["order_code"], row["kind"]) == (code, "granted") and row["reason"] == "purchase"
            ]
            revoked = (code, "revoked") in of
            check.that(bool(granted) <= revoked, f"order {code}", "cancelled, and its grant stands")
        else:
            check.that((code, "returned") not in of, f"order {code}", "alive, and gave its points back")
            check.that((code, "revoked") not in of, f"order {code}", "alive, and its grant was revoked")
