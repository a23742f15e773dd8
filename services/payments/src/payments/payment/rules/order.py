"""What a provider may have to know of an order: a copy of it as it was placed, and the sent parcels.

Both hold personal data. Only methods get them. History, journal, requests and logs never contain them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from shared.events import Amounts, Destination, Orderer, OrderPlaced, Shipped


@dataclass(frozen=True, repr=False)
class OrderSnapshot:
    """The order as it was placed. Amounts are in yen with tax.

    - Buyer: name, kana, mail, telephone, address.
    - Destinations and their lines: sku, name, quantity, price of one.
    - Amounts: goods, shipping, fee, discounts.
    """

    orderer: Orderer
    destinations: tuple[Destination, ...]
    amounts: Amounts

    @classmethod
    def of(cls, event: OrderPlaced) -> Self:
        """Return the copy of an order from its event."""
        return cls(event.orderer, event.destinations, event.amounts)


@dataclass(frozen=True)
class Parcel:
    """A parcel for one destination of the order, and when it was sent. Carrier and tracking number are empty if unknown."""

    destination_id: UUID
    ship_date: date
    carrier: str = ""
    tracking_number: str = ""


def parcels_of(event: Shipped) -> list[Parcel]:
    """Return the parcels that a ship step sent."""
    return [
        Parcel(one.destination_id, one.ship_date, one.carrier or "", one.tracking_number or "")
        for one in event.destinations
    ]
