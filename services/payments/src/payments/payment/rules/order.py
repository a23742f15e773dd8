"""What a provider may have to know of an order: a copy of it as it was placed, and the parcels that left.

Both hold personal data. They are handed to methods and to nobody else: not to history, journal, requests or logs.
"""

from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from shared.events import Amounts, Destination, Orderer, OrderPlaced, Shipped


@dataclass(frozen=True, repr=False)
class OrderSnapshot:
    """The order as it was placed: who buys (name, kana, mail, telephone, address), where its lines go (sku, name,
    quantity, price of one), and its amounts (goods, shipping, fee, discounts), in yen with tax.
    """

    orderer: Orderer
    destinations: tuple[Destination, ...]
    amounts: Amounts

    @classmethod
    def of(cls, event: OrderPlaced) -> Self:
        """Return what an order tells when it is placed."""
        return cls(event.orderer, event.destinations, event.amounts)


@dataclass(frozen=True)
class Parcel:
    """What left for one destination of the order, and when. Carrier and tracking number are empty where unknown."""

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
