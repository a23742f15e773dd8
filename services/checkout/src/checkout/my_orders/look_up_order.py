"""A guest finds an order by its code or 受付番号, together with a contact of the order."""

import hmac
from datetime import datetime

from checkout.my_orders.look_ups import count_look_up
from checkout.my_orders.rows import read_contact
from shared.database.transactions import Tx
from shared.text.widths import half_width


async def look_up_order(tx: Tx, *, code: str, contact: str, client_address: str, at: datetime) -> str | None:
    """Return the code of the order. Return None both for an unknown order and for a wrong contact.

    Each look-up is counted. Raises Refused(too_many_look_ups).
    """
    await count_look_up(tx, code=code, client_address=client_address, at=at)
    # 受付番号 are consecutive, so a stranger could try one contact with all numbers.
    if code.isdecimal():
        await count_look_up(tx, code=_plain(contact), client_address=client_address, at=at)
    found = await read_contact(tx, code)
    # The order of another person and an unknown order take the same time.
    fits = _fits(contact, found.email if found else "", found.phone if found else "")
    return found.code if found and fits else None


def _plain(contact: str) -> str:
    """Return the normal form of an e-mail address or of a telephone number of Japan.

    The comparison and the count of look-ups use this form. Another spelling is therefore no additional attempt.
    """
    typed = half_width(contact)
    if "@" in typed:
        return typed.lower()
    digits = "".join(letter for letter in typed if letter.isdecimal())
    return f"0{digits[2:].removeprefix('0')}" if typed.startswith("+81") else digits


def _fits(contact: str, email: str, phone: str) -> bool:
    """Return whether ``contact`` is the e-mail address or telephone number of the order, in any spelling."""
    typed = _plain(contact).encode()
    by_mail = hmac.compare_digest(typed, email.lower().encode()) and bool(email)
    by_phone = hmac.compare_digest(typed, phone.encode()) and bool(phone)
    return by_mail or by_phone
