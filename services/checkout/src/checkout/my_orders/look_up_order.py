"""A guest finds an order again by its code, or its 受付番号, and what was given with it."""

import hmac
from datetime import datetime

from checkout.my_orders.look_ups import count_look_up
from checkout.my_orders.rows import read_contact
from shared.database.transactions import Tx
from shared.text.widths import half_width


async def look_up_order(tx: Tx, *, code: str, contact: str, client_address: str, at: datetime) -> str | None:
    """Return the code of the order, or None for an unknown one and for one of somebody else alike.

    Each look-up is counted. Raises Refused(too_many_look_ups).
    """
    await count_look_up(tx, code=code, client_address=client_address, at=at)
    # 受付番号 follow each other, so that one contact could be tried with all.
    if code.isdecimal():
        await count_look_up(tx, code=_plain(contact), client_address=client_address, at=at)
    found = await read_contact(tx, code)
    # Somebody else's order and an unknown one take the same time.
    fits = _fits(contact, found.email if found else "", found.phone if found else "")
    return found.code if found and fits else None


def _plain(contact: str) -> str:
    """Return an e-mail address or a telephone number of Japan in its one form, however it is written.

    What is counted is what is compared: another spelling is no further try.
    """
    typed = half_width(contact)
    if "@" in typed:
        return typed.lower()
    digits = "".join(letter for letter in typed if letter.isdecimal())
    return f"0{digits[2:].removeprefix('0')}" if typed.startswith("+81") else digits


def _fits(contact: str, email: str, phone: str) -> bool:
    """Tell whether ``contact`` is the e-mail address or the telephone number, however it is written."""
    typed = _plain(contact).encode()
    by_mail = hmac.compare_digest(typed, email.lower().encode()) and bool(email)
    by_phone = hmac.compare_digest(typed, phone.encode()) and bool(phone)
    return by_mail or by_phone
