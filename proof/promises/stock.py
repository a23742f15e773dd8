"""Stock: what is sold is there, and every piece is accounted for."""

from collections import defaultdict

from proof.observers import Outside
from proof.promises import Check, promise

HOLDS, GONE, BACK = "holds", "shipped", "released"


@promise(
    "P4",
    "Stock is never negative, and initial + received + corrected + counted - reserved + released = available",
)
async def stock_adds_up(outside: Outside, check: Check) -> None:
    sums = {
        row["sku"]: (row["available"], row["reserved"])
        for row in await outside.rows(
            "checkout",
            "SELECT sku, sum(available_change) AS available, sum(reserved_change) AS reserved"
            " FROM stock_entries GROUP BY sku",
        )
    }
    for row in await outside.rows("checkout", "SELECT * FROM stock"):
        has = (row["available"], row["reserved"])
        check.that(min(has) >= 0, f"stock of {row['sku']}", f"available {has[0]}, reserved {has[1]}")
        check.that(
            sums.get(row["sku"], (0, 0)) == has,
            f"stock of {row['sku']}",
            f"its ledger makes {sums.get(row['sku'])}, it says {has}",
        )


@promise("P4", "")
async def orders_hold_their_stock(outside: Outside, check: Check) -> None:
    """Each order reserved exactly its lines, and holds them until they are shipped or given back."""
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for row in await outside.rows("checkout", "SELECT order_code, sku, quantity FROM order_lines"):
        wanted[row["order_code"], row["sku"]] += row["quantity"]
    moved: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in await outside.rows(
        "checkout",
        "SELECT split_part(reference, '/', 1) AS code, sku, reason, sum(abs(reserved_change)) AS pieces"
        " FROM stock_entries WHERE reason IN ('reserved', 'released', 'shipped') GROUP BY 1, 2, 3",
    ):
        moved[row["code"], row["sku"]][row["reason"]] = row["pieces"]
    orders = {
        row["code"]: row
        for row in await outside.rows("checkout", "SELECT code, status, shipping FROM orders")
    }
    for (code, sku), pieces in wanted.items():
        order, did = orders[code], moved[code, sku]
        where = f"order {code}, {sku}"
        check.that(did["reserved"] == pieces, where, f"ordered {pieces}, reserved {did['reserved']}")
        left = did["reserved"] - did["shipped"] - did["released"]
        check.that(left >= 0, where, f"{-left} pieces left the stock twice")
        if order["status"] == "cancelled":
            check.that(left == 0, where, f"cancelled, and holds {left}")
        elif order["shipping"] == "shipped":
            check.that(did["shipped"] == pieces, where, f"shipped, and {did['shipped']} of {pieces} left")
        else:
            check.that(did["released"] == 0, where, f"alive, and gave {did['released']} back")
    for code, sku in moved:
        check.that((code, sku) in wanted, f"{code}, {sku}", "stock was reserved for no order")
