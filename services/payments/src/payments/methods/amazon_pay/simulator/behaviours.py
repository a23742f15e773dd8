"""Unusual behaviour on demand: what the next call of a kind shall do, for one session or charge, or for any.

It is chosen on the hosted page, on the console, or for one call with the header `x-simulator-behaviour`.
"""

from enum import StrEnum

from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.store import Transaction

HEADER = "x-simulator-behaviour"
ANY = "*"


class Odd(StrEnum):
    """How an answer can fail on its way."""

    LOSE_ANSWER = "lose_answer"  # booked, then the socket is dropped
    DROP = "drop"  # the socket is dropped, nothing booked
    HANG = "hang"  # booked, the answer comes after the caller gave up
    THROTTLE = "throttle"  # 429 with Retry-After, nothing booked
    ERROR_500 = "error_500"  # nothing booked
    ERROR_503 = "error_503"  # nothing booked
    WRONG_SCHEMA = "wrong_schema"  # booked, answered with something else


NOT_BOOKED = {Odd.DROP, Odd.THROTTLE, Odd.ERROR_500, Odd.ERROR_503}

NOTICES = ("notice_twice", "notice_late", "notice_early", "notice_never")

DECLINES = ("SoftDeclined", "HardDeclined", "AmazonRejected", "TransactionTimedOut")
"""The reasons of a declined charge. `Pending` before one means that the decision comes later."""

SIMULATION_CODES = {
    "complete": ("BuyerCanceled", "Declined", "AmazonCanceled", "AuthorizationInitiated"),
    "charge": (
        *DECLINES,
        "ProcessingFailure",
        "AuthorizationInitiated",
        "CaptureInitiated",
        *(f"Pending{code}" for code in DECLINES),
    ),
    "capture": ("CaptureInitiated", "PendingHardDeclined", "AmazonRejected", "ProcessingFailure"),
    "refund": ("AmazonRejected", "ProcessingFailure"),
}
"""Codes of `x-amz-pay-simulation-code`. Those of capture and refund are not published; these are the simulator's."""

OPERATIONS = ("create", "update", "complete", "charge", "capture", "cancel", "refund", "get", "notice")

LABELS = {
    "complete:lose_answer": "与信の応答が届かない（与信は済んでいる）",
    "complete:hang": "与信の応答がとても遅い（与信は済んでいる）",
    "complete:error_503": "与信のときに一度 503 になる",
    "complete:Declined": "与信のときに断られる",
    "capture:lose_answer": "売上請求の応答が届かない（売上は済んでいる）",
    "capture:hang": "売上請求の応答がとても遅い（売上は済んでいる）",
    "capture:throttle": "売上請求のときに一度 429 になる",
    "capture:CaptureInitiated": "売上請求に時間がかかる",
    "capture:AmazonRejected": "売上請求が断られる",
    "capture:PendingHardDeclined": "売上請求が後で断られる",
    "charge:lose_answer": "再与信の応答が届かない（与信は済んでいる）",
    "charge:SoftDeclined": "再与信が断られる",
    "cancel:lose_answer": "取消の応答が届かない（取消は済んでいる）",
    "refund:lose_answer": "返金の応答が届かない（返金は済んでいる）",
    "refund:AmazonRejected": "返金が断られる",
    "notice:notice_twice": "通知が二度届く",
    "notice:notice_late": "通知が1分遅れる",
    "notice:notice_early": "通知が応答より先に届く",
    "notice:notice_never": "通知が届かない",
}
"""The choices on the pages: `operation:name`, and what happens."""


def ask_for(tx: Transaction, target: str, choice: str) -> None:
    """Store `operation:name` for the next such call about `target` (an id, or `ANY`)."""
    operation, _, name = choice.partition(":")
    known = [*Odd, *NOTICES, *SIMULATION_CODES.get(operation, ())]
    if operation not in OPERATIONS or name not in known:
        raise Refusal(400, "InvalidRequest", f"There is no behaviour '{choice}'.")
    tx.run("insert into behaviours (target, operation, name) values (?, ?, ?)", target, operation, name)


def take(tx: Transaction, operation: str, targets: set[str], names: tuple[str, ...]) -> str | None:
    """Return the oldest stored behaviour among `names` that fits, and remove it."""
    wanted = {*targets, ANY}
    for row in tx.run("select * from behaviours where operation = ? order by number", operation):
        if row["target"] in wanted and row["name"] in names:
            tx.run("delete from behaviours where number = ?", row["number"])
            return str(row["name"])
    return None
