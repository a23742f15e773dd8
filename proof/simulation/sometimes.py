"""Events that a run of many seeds must contain: a case that never happened is not proved."""

from collections import Counter
from collections.abc import Sequence

ENOUGH_SEEDS = 500
"""Fewer seeds may miss something by chance."""

MUST_HAPPEN: Sequence[str] = (
    *(f"order paid by {kind}" for kind in ("amazon_pay", "konbini", "bank_transfer", "cash_on_delivery")),
    *(f"crash at K{number}" for number in range(1, 16)),
    "process killed at any moment",
    "process frozen beyond its leases",
    "message delivered twice",
    "message came back unacknowledged",
    "message put off",
    "message returned: nothing bound",
    "acknowledgement lost",
    "publish lost",
    "confirm lost",
    "broker restarted",
    "consumers forgotten by the broker",
    "database away",
    "COMMIT's answer lost",
    "late commit",
    "provider call: refused",
    "provider call: never done",
    "provider call: answer lost",
    "provider call: done late",
    "provider saw a key again",
    "authorization declined",
    "authorization pending",
    "pending authorization declined",
    "capture pending",
    "capture declined",
    "number refused",
    "konbini deadline reached",
    "paid at a till: in time",
    "paid at a till: twice",
    "paid at a till: short",
    "paid at a till: at the end",
    "till refused a closed number",
    "notice never came",
    "notice never came: twice",
    "notice came twice",
    "buyer backed out at Amazon",
    "charged by order-management software",
    "order cancelled by staff",
    "order refused: sold_out",
    "order found again by its key",
    "button pressed twice at once",
    "points set aside",
    "mail server: later",
    "mail server: answer lost",
    "mail server: refused",
    "answer to a person lost",
)


def missing(happened: Counter[str], seeds: int) -> list[str]:
    """Return what should have happened in ``seeds`` seeds and did not; nothing if they were too few to say."""
    if seeds < ENOUGH_SEEDS:
        return []
    return [what for what in MUST_HAPPEN if not happened[what]]
