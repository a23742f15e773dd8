"""The destination of a wallet's order: the address chosen there, and a field for each part that the wallet left open.

Buyers change the wallet's address in the wallet. The page asks for parts that are missing or undeliverable, such as no
telephone number, a prefecture without a name or a line too long. The order can then continue.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import FormData

from checkout.placing.claims import Wallet
from checkout.placing.fields import AddressFields
from shared.events import Address
from shared.web.forms import Form, parse_form

PREFIX = "delivery_"
TYPED = "wallet_delivery"
"""The key of a draft for the typed parts, together with the mark of their wallet."""


def mark_of(wallet: Wallet) -> str:
    """Return a mark that changes when the buyer chooses another address or instrument. The page carries it.

    A browser has one wallet and may have several tabs. An order goes only to the address that its own page showed.
    """
    chosen = wallet.model_dump(mode="json", include={"checkout_session_id", "address", "instrument"})
    return hashlib.sha256(orjson.dumps(chosen, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@dataclass(frozen=True)
class Delivery:
    """The wallet's address with the typed parts. ``asked`` are the fields that the page shows."""

    form: Form[AddressFields]
    asked: tuple[str, ...]

    @property
    def address(self) -> Address:
        """Return the address as events carry it. Call it only if the form has no errors."""
        return self.form.value.address()


def delivery_of(wallet: Wallet, typed: Mapping[str, Any]) -> Delivery:
    """Return the delivery for this wallet. It uses from ``typed`` only the parts that the wallet left open."""
    known = wallet.address.model_dump() if wallet.address else {}
    asked = tuple(
        name for name in AddressFields.model_fields if name in parse_form(AddressFields, known).errors
    )
    values = known | {name: typed[name] for name in asked if name in typed}
    return Delivery(
        parse_form(AddressFields, {PREFIX + name: value for name, value in values.items()}, prefix=PREFIX),
        asked,
    )


def typed_in(data: FormData) -> dict[str, str]:
    """Return the submitted values of the delivery fields."""
    boxes = {name: data.get(PREFIX + name) for name in AddressFields.model_fields}
    return {name: text for name, text in boxes.items() if isinstance(text, str)}


def keepable(wallet: Wallet | None, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a draft stores of the typed parts. Another address of the wallet leaves other parts open."""
    return {TYPED: {"mark": mark_of(wallet), **typed}} if wallet is not None else {}


def kept_in(draft: Mapping[str, Any], wallet: Wallet) -> Mapping[str, Any]:
    """Return what was typed for the present choice in the wallet, if anything."""
    kept = draft.get(TYPED)
    return kept if isinstance(kept, Mapping) and kept.get("mark") == mark_of(wallet) else {}
