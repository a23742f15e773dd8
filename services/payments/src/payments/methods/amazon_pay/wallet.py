"""The signed wallet statement: Amazon's facts about the buyer, which checkout and members read offline.

It never contains a card number, only the label that Amazon shows to people (AP-42).
"""

import re
from collections.abc import Mapping
from typing import Any

from payments.methods.amazon_pay.sessions import Address, Buyer, Session
from shared.text.phones import LENGTH_MAX as PHONE_LENGTH_MAX
from shared.text.phones import phone_digits
from shared.text.plain_text import REFUSED_IN_LINE
from shared.text.postal import prefecture_of
from shared.text.prefectures import prefecture_named
from shared.web.fields import postal_digits

ADDRESSES_MAX = 10
"""The maximum number of addresses. A statement travels in cookies of limited size, and people use the first addresses."""
KEPT_MAX = {"name": 100, "postal_code": 20, "address1": 250, "address2": 250, "phone": PHONE_LENGTH_MAX}
"""The maximum lengths of texts, more than Noren's fields allow. So a longer text is asked for, and not cut silently."""
_UNSEEN = re.compile(f"[{REFUSED_IN_LINE}]+")
OTHER_MARKETPLACE = "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。"


def of_session(session: Session) -> dict[str, Any]:
    """Return a wallet that can pay: buyer, whole address book with the FIRST first, chosen address, instrument."""
    if session.is_of_other_marketplace or session.buyer is None:
        return _wallet(session.checkout_session_id, None, [], None) | {"error": OTHER_MARKETPLACE}
    addresses = [in_noren_format(address) for address in session.addresses[:ADDRESSES_MAX]]
    chosen = in_noren_format(session.shipping_address) if session.shipping_address else None
    wallet = _wallet(session.checkout_session_id, session.buyer, addresses, chosen)
    return wallet | {"instrument": session.instrument}


def of_buyer(buyer: Buyer) -> dict[str, Any]:
    """Return a wallet that only signs in: name, e-mail and, if the buyer agreed, the default address."""
    addresses = [in_noren_format(buyer.shipping_address)] if buyer.shipping_address else []
    return _wallet(None, buyer, addresses, None)


def _wallet(
    session_id: str | None,
    buyer: Buyer | None,
    addresses: list[dict[str, str]],
    chosen: dict[str, str] | None,
) -> dict[str, Any]:
    return {
        "kind": "amazon_pay",
        "label": "Amazon",
        "checkout_session_id": session_id,
        "buyer_id": buyer.buyer_id if buyer else "",
        "name": _tidy(buyer.name if buyer else None)[: KEPT_MAX["name"]],
        "email": _tidy(buyer.email if buyer else None),
        "addresses": addresses,
        "address": chosen,
        "instrument": "",
        "ceiling": None,
    }


def in_noren_format(address: Address) -> dict[str, str]:
    """Return an address in Noren's fields (reference: Japanese address mapping).

    Lines stay lines, because a house number may end one and a room begin the next. If there are more than two, the
    last ones share one field. What cannot be read stays as it is, or empty, and the buyer corrects it: nothing is
    guessed.
    """
    postal_code = postal_digits(address.postal_code or "")
    prefecture = prefecture_named(address.state_or_region or "") or prefecture_of(postal_code)
    town = _joined(address.city, address.address_line1).removeprefix(prefecture).strip()
    lines = [line for line in (town, _tidy(address.address_line2), _tidy(address.address_line3)) if line]
    phone = _tidy(address.phone_number)
    fields = {
        "name": _tidy(address.name),
        "postal_code": postal_code,
        "address1": lines[0] if lines else "",
        "address2": " ".join(lines[1:]),
        "phone": phone_digits(phone) or (phone if any(each.isdigit() for each in phone) else ""),
    }
    return {"prefecture": prefecture} | {name: text[: KEPT_MAX[name]] for name, text in fields.items()}


def smaller(wallet: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the same wallet with one address less; None at the end.

    The FIRST and the chosen address are kept as long as possible.
    """
    addresses = wallet["addresses"]
    return {**wallet, "addresses": addresses[:-1]} if addresses else None


def _joined(*lines: str | None) -> str:
    return " ".join(filter(None, map(_tidy, lines)))


def _tidy(text: str | None) -> str:
    """Return a line without invisible characters, without characters that cannot be stored, and without outer blanks."""
    return _UNSEEN.sub(" ", text or "").strip()
