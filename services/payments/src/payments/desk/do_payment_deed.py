"""Every deed about the money of a payment at the desk: it is done, and said for the record of deeds (STF-03)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel

from payments.methods.registry import Methods
from shared.database import Tx
from shared.events import PaymentDeedDone

UseCase = Callable[..., Awaitable[Any]]
"""What staff may do: it takes transaction, methods and order code, the fields of its form and who does it."""
_OF_THE_FORM = frozenset({"version", "receipt_id", "refund_id", "send_mail"})
_WORDS = {"won": "勝訴", "lost": "敗訴", "bank_transfer": "銀行振込", "gift_card": "ギフトカード"}


async def do_payment_deed(
    tx: Tx,
    methods: Methods,
    order_code: str,
    use_case: UseCase,
    asked: BaseModel,
    *,
    by: str,
    deed: Mapping[str, Any],
    said: Callable[[Any], str],
) -> str:
    """Do ``use_case`` with what was ``asked`` and return what is said to staff then; ``deed`` is who does it, and from where.

    Raises Refused as the use case does: then nothing was done, and nothing is said.
    """
    words = said(await use_case(tx, methods, order_code, **asked.model_dump(), by=by))
    with_what = told(asked)
    subject = f"{order_code}：{words}" + (f"（{with_what}）" if with_what else "")
    tx.say(PaymentDeedDone(**deed, subject=subject, order_code=order_code))
    return words


def told(asked: BaseModel) -> str:
    """Return in words what a form of the desk asked for: amounts in yen, days, reasons."""
    fields = type(asked).model_fields
    return "、".join(
        f"{fields[name].title or name} {_word(value)}"
        for name, value in asked
        if name not in _OF_THE_FORM and value not in (None, "")
    )


def _word(value: object) -> str:
    return f"¥{value:,}" if isinstance(value, int) else _WORDS.get(str(value), str(value))
