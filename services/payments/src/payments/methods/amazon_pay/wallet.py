"""The signed wallet statement: what Amazon says of the buyer, for checkout and members to read offline.

No card number is ever in it, only the label that Amazon shows to people (AP-42).
"""

import unicodedata
from typing import Any

from payments.methods.amazon_pay.objects import Address, Buyer, Session

ADDRESSES_MAX = 10
"""A statement travels in cookies of limited size; the first addresses are the ones people use."""
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
        "checkout_session_id": session_id,
        "buyer_id": buyer.buyer_id if buyer else "",
        "name": (buyer.name if buyer else None) or "",
        "email": (buyer.email if buyer else None) or "",
        "addresses": addresses,
        "address": chosen,
        "instrument": "",
        "ceiling": None,
    }


def as_ours(address: Address) -> dict[str, str]:
    """An address in our own fields (reference: Japanese address mapping).

    The buyer may have typed the house number into any line, so the first two are joined; postal code and
    telephone become half-width digits.
    """
    lines = [address.city, address.address_line1, address.address_line2]
    return {
        "name": address.name or "",
        "postal_code": _digits(address.postal_code),
        "prefecture": address.state_or_region or "",
        "address1": "".join(line for line in lines if line),
        "address2": address.address_line3 or "",
        "phone": _digits(address.phone_number),
    }


def _digits(text: str | None) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text or "") if each in "0123456789")
