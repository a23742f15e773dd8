"""Every deed about the money of a payment at the desk: it is done, and said for the record of deeds (STF-03)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel

from payments.methods.registry import Methods
from payments.payment.act_on_payment import Acted
from shared.database.transactions import Tx
from shared.events import PaymentDeedDone

UseCase = Callable[..., Awaitable[Acted]]
"""What staff may do: it takes transaction, methods and order code, the fields of its form and who does it."""
_OF_THE_FORM = frozenset({"version", "receipt_id", "refund_id", "send_mail"})
_WORDS = {
    "state": {"won": "勝訴", "lost": "敗訴"},
    "route": {"bank_transfer": "銀行振込", "gift_card": "ギフトカード"},
}
"""The words of what is chosen in a form, by field: what staff type is said as they typed it."""


async def do_payment_deed(
    tx: Tx,
    methods: Methods,
    order_code: str,
    use_case: UseCase,
    asked: BaseModel,
    *,
    by: str,
    deed: Mapping[str, Any],
    said: Callable[[Acted], str],
) -> str:
    """Do ``use_case`` with what was ``asked`` and return what is said to staff then; ``deed`` is who does it, and from where.

    A deed that is repeated books nothing, and is said once.

    Raises Refused as the use case does: then nothing was done, and nothing is said.
    """
    acted = await use_case(tx, methods, order_code, **asked.model_dump(), by=by)
    words = said(acted)
    if not acted.booked:
        return words
    with_what = told(asked)
    subject = f"{order_code}：{words}" + (f"（{with_what}）" if with_what else "")
    tx.say(PaymentDeedDone(**deed, subject=subject, order_code=order_code))
    return words


def told(asked: BaseModel) -> str:
    """Return in words what a form of the desk asked for: amounts in yen, days, reasons."""
    fields = type(asked).model_fields
    unsaid = _OF_THE_FORM
    if getattr(asked, "state", "") == "won":
        # Nothing is lost: whatever was typed there is not booked.
        unsaid |= {"lost_amount"}
    return "、".join(
        f"{fields[name].title or name} {_word(name, value)}"
        for name, value in asked
        if name not in unsaid and value not in (None, "")
    )


def _word(name: str, value: object) -> str:
    return f"¥{value:,}" if isinstance(value, int) else _WORDS.get(name, {}).get(str(value), str(value))
