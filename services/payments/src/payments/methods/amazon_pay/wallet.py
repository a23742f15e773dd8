"""The signed wallet statement: what Amazon says of the buyer, for checkout and members to read offline.

No card number is ever in it, only the label that Amazon shows to people (AP-42).
"""

import re
from collections.abc import Mapping
from typing import Any

from payments.methods.amazon_pay.objects import Address, Buyer, Session
from shared.text.phones import LENGTH_MAX as PHONE_LENGTH_MAX
from shared.text.phones import phone_digits
from shared.text.plain_text import REFUSED_IN_LINE
from shared.text.postal import prefecture_of
from shared.text.prefectures import prefecture_named
from shared.web.fields import postal_digits

ADDRESSES_MAX = 10
"""A statement travels in cookies of limited size; the first addresses are the ones people use."""
KEPT_MAX = {"name": 100, "postal_code": 20, "address1": 250, "address2": 250, "phone": PHONE_LENGTH_MAX}
"""More than our fields take, so that what is too long is asked for instead of being cut in silence."""
_UNSEEN = re.compile(f"[{REFUSED_IN_LINE}]+")
OTHER_MARKETPLACE = "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。"


def of_session(session: Session) -> dict[str, Any]:
    """A wallet that can pay: buyer, whole address book with the FIRST first, chosen address, instrument."""
    if session.is_of_other_marketplace or session.buyer is None:
        return _wallet(session.checkout_session_id, None, [], None) | {"error": OTHER_MARKETPLACE}
    addresses = [as_ours(address) for address in session.addresses[:ADDRESSES_MAX]]
    chosen = as_ours(session.shipping_address) if session.shipping_address else None
    wallet = _wallet(session.checkout_session_id, session.buyer, addresses, chosen)
    return wallet | {"instrument": session.instrument}


def of_buyer(buyer: Buyer) -> dict[str, Any]:
    """A wallet that only signs in: name, e-mail and, if the buyer agreed, the default address."""
    addresses = [as_ours(buyer.shipping_address)] if buyer.shipping_address else []
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


def as_ours(address: Address) -> dict[str, str]:
    """An address in our own fields (reference: Japanese address mapping).

    Lines stay lines, because a house number may end one and a room begin the next; of more than two the last ones
    share ours. What cannot be read stays as it is, or empty, for the buyer to correct: nothing is guessed.
    """
    postal_code = postal_digits(address.postal_code or "")
    prefecture = prefecture_named(address.state_or_region or "") or prefecture_of(postal_code)
    town = _joined(address.city, address.address_line1).removeprefix(prefecture).strip()
    lines = [line for line in (town, _tidy(address.address_line2), _tidy(address.address_line3)) if line]
    phone = _tidy(address.phone_number)
    ours = {
        "name": _tidy(address.name),
        "postal_code": postal_code,
        "address1": lines[0] if lines else "",
        "address2": " ".join(lines[1:]),
        "phone": phone_digits(phone) or (phone if any(each.isdigit() for each in phone) else ""),
    }
    return {"prefecture": prefecture} | {name: text[: KEPT_MAX[name]] for name, text in ours.items()}


def smaller(wallet: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same wallet with one address less, the FIRST and the chosen one kept as long as can be; None at the end."""
    addresses = wallet["addresses"]
    return {**wallet, "addresses": addresses[:-1]} if addresses else None


def _joined(*lines: str | None) -> str:
    return " ".join(filter(None, map(_tidy, lines)))


def _tidy(text: str | None) -> str:
    """A line without what cannot be seen or kept, and without blanks around it."""
    return _UNSEEN.sub(" ", text or "").strip()
