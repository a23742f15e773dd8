"""Where a wallet's order goes: the address chosen there, and a box for each part that the wallet left open.

The wallet's address is changed in the wallet, not here. What it does not know, or writes as nobody could deliver to
(no telephone, a prefecture without a name, a line too long), is asked for on the page; the order does not stop.
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
"""Under this name a cart's draft keeps what was typed, with the mark of the wallet that it belongs to."""


def mark_of(wallet: Wallet) -> str:
    """Return what changes whenever the buyer chose another address or instrument; the page carries it.

    A browser has one wallet and may have several tabs: an order goes only where its own page said.
    """
    chosen = wallet.model_dump(mode="json", include={"checkout_session_id", "address", "instrument"})
    return hashlib.sha256(orjson.dumps(chosen, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@dataclass(frozen=True)
class Delivery:
    """The wallet's address with what was typed in its gaps; ``asked`` are the fields that stand on the page."""

    form: Form[AddressFields]
    asked: tuple[str, ...]

    @property
    def address(self) -> Address:
        """Return it as events carry it. Only where the form has no errors."""
        return self.form.value.address()


def delivery_of(wallet: Wallet, typed: Mapping[str, Any]) -> Delivery:
    """Return the delivery for this wallet; of ``typed`` only what the wallet left open is used."""
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
    """Return what a submitted page holds in the boxes of the delivery."""
    boxes = {name: data.get(PREFIX + name) for name in AddressFields.model_fields}
    return {name: text for name, text in boxes.items() if isinstance(text, str)}


def keepable(wallet: Wallet | None, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a draft keeps of it: another address of the wallet has other gaps."""
    return {TYPED: {"mark": mark_of(wallet), **typed}} if wallet is not None else {}


def kept_in(draft: Mapping[str, Any], wallet: Wallet) -> Mapping[str, Any]:
    """Return what was typed for this very choice in the wallet, if anything."""
    kept = draft.get(TYPED)
    return kept if isinstance(kept, Mapping) and kept.get("mark") == mark_of(wallet) else {}
