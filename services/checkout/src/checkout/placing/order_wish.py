"""What a buyer confirms.

It contains wishes, no trusted prices. ``compose_order.py`` decides whether it becomes an order.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import orjson

from checkout.placing.claims import ReservedBenefit, Wallet
from shared.events import Address, Orderer


@dataclass(frozen=True)
class OrderWish:
    """The order that the buyer confirmed with 「注文を確定する」.

    ``key`` is the idempotency key of this attempt. ``total_seen`` is the total in yen that the buyer's side showed. A
    different total is refused, so that nobody pays an amount that they did not see. ``wallet`` and ``benefit`` are
    verified. ``registers`` makes the orderer a member with this order (AP-08).

    ``delivery_date`` is the day on which the buyer wants the goods.

    Three fields serve only the limit of unpaid orders. ``email_proved`` is about the address of the signed-in member.
    ``client_address`` is the origin of the request. ``earlier_orders`` are those of this browser.
    """

    key: str
    lines: tuple[tuple[str, int], ...]
    orderer: Orderer
    address: Address
    payment_kind: str
    payment_choice: Mapping[str, str] = field(default_factory=dict)
    total_seen: int | None = None
    cart_id: UUID | None = None
    member_id: UUID | None = None
    email_proved: bool = False
    benefit: ReservedBenefit | None = None
    wallet: Wallet | None = None
    registers: bool = False
    newsletter: bool = False
    client_address: str = ""
    earlier_orders: tuple[str, ...] = ()
    delivery_date: date | None = None

    @property
    def counts_as_guest(self) -> bool:
        """Return whether the buyer is a guest, or a member whose address is not proved."""
        return self.member_id is None or not self.email_proved

    @property
    def counted_client(self) -> str | None:
        """Return the client address under which the order counts; None for a member whose address is proved."""
        return (self.client_address or None) if self.counts_as_guest else None

    @property
    def pieces(self) -> Mapping[str, int]:
        """Return the wanted pieces by SKU, in the order of the buyer's cart."""
        pieces: dict[str, int] = {}
        for sku, quantity in self.lines:
            pieces[sku] = pieces.get(sku, 0) + quantity
        return pieces

    @property
    def fingerprint(self) -> str:
        """Return a hash of the wanted order. The same key with another hash is another order (O3)."""
        wanted = {
            "lines": self.pieces,
            "orderer": self.orderer.model_dump(),
            "address": self.address.model_dump(),
            "payment": [self.payment_kind, dict(self.payment_choice)],
            "total_seen": self.total_seen,
            "cart_id": self.cart_id,
            "member_id": self.member_id,
            "benefit": self.benefit.reservation_id if self.benefit else None,
            "wallet": self.wallet.checkout_session_id if self.wallet else None,
            "registers": [self.registers, self.newsletter],
            # Absent without a date: a hash of an earlier release stays the same.
            **({"delivery_date": self.delivery_date} if self.delivery_date else {}),
        }
        return hashlib.sha256(orjson.dumps(wanted, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()
