"""Coupons: no limit is ever exceeded, and every order uses its coupon once and gives it back once."""

from collections import Counter, defaultdict
from typing import Any

from proof.observers import Outside
from proof.promises import Check, promise


@promise("P3", "Uses of a coupon never exceed its limits; its counter is the number of uses that live")
async def limits_hold(outside: Outside, check: Check) -> None:
    coupons = {row["coupon_id"]: row for row in await outside.rows("members", "SELECT * FROM coupons")}
    issued = {row["issue_id"]: row for row in await outside.rows("members", "SELECT * FROM issued_coupons")}
    by_issue, by_coupon = Counter[Any](), Counter[Any]()
    for entry in await outside.rows("members", "SELECT * FROM coupon_entries ORDER BY number"):
        one = issued[entry["issue_id"]]
        coupon = coupons[one["coupon_id"]]
        by_issue[one["issue_id"]] += entry["change"]
        by_coupon[coupon["coupon_id"]] += entry["change"]
        for where, uses, most in (
            (f"coupon {coupon['coupon_id']}", by_coupon[coupon["coupon_id"]], coupon["uses_max"]),
            (f"coupon issued as {one['issue_id']}", by_issue[one["issue_id"]], one["uses_max"]),
        ):
            check.that(
                uses >= 0 and (most is None or uses <= most),
                where,
                f"was in use {uses} times at entry {entry['number']}, its limit is {most}",
            )
    for coupon_id, coupon in coupons.items():
        check.that(
            coupon["uses"] == by_coupon[coupon_id],
            f"coupon {coupon_id}",
            f"counts {coupon['uses']} uses, its entries make {by_coupon[coupon_id]}",
        )
    for issue_id, one in issued.items():
        check.that(
            one["uses"] == by_issue[issue_id],
            f"coupon issued as {issue_id}",
            f"counts {one['uses']} uses, its entries make {by_issue[issue_id]}",
        )


@promise("P3", "")
async def orders_use_their_coupon_once(outside: Outside, check: Check) -> None:
    """What was set aside ends with its reservation; an order redeems its coupon, a cancelled one returns it."""
    uses: dict[tuple[Any, Any], Counter[str]] = defaultdict(Counter)
    of_order: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for entry in await outside.rows("members", "SELECT * FROM coupon_entries ORDER BY number"):
        uses[entry["reservation_id"], entry["issue_id"]][entry["kind"]] += 1
        if entry["order_code"] is not None:
            of_order[entry["order_code"]].append((entry["kind"], entry["issue_id"]))
    held = {
        row["reservation_id"]
        for row in await outside.rows(
            "members", "SELECT reservation_id FROM benefit_reservations WHERE status = 'held'"
        )
    }
    for (reservation_id, issue_id), kinds in uses.items():
        where = f"coupon issued as {issue_id}, reservation {reservation_id}"
        ended = kinds["redeemed"] + kinds["released"] > 0
        check.that(ended != (reservation_id in held), where, f"{dict(kinds)}, and held: {not ended}")
        check.that(max(kinds.values()) == 1, where, f"did something twice: {dict(kinds)}")
    short = {
        row["order_code"]
        for row in await outside.rows(
            "members", "SELECT order_code FROM member_orders WHERE note LIKE '%coupon_short%'"
        )
    }
    for order in await outside.rows("checkout", "SELECT code, coupon, status FROM orders"):
        code, coupon = order["code"], order["coupon"]
        wanted = [("redeemed", coupon)] if coupon is not None and code not in short else []
        if order["status"] == "cancelled":
            wanted += [("returned", issue_id) for _, issue_id in wanted]
        check.that(of_order[code] == wanted, f"order {code}", f"used {of_order[code]}, not {wanted}")
