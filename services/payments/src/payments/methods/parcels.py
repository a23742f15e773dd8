"""The piece of a method whose provider wants to know the parcels.

With ``parcels="kept"`` the capture finds carrier, tracking number and date in ``payment.parcels``; this piece is not
needed. With ``"reported"`` Noren also calls :meth:`ReportsParcels.tell_shipped` for each parcel.
"""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from payments.payment.rules.answers import Answer
from payments.payment.rules.order import Parcel
from payments.payment.rules.payment import Payment


@runtime_checkable
class ReportsParcels(Protocol):
    """Reports each sent parcel to the provider."""

    @abstractmethod
    async def tell_shipped(self, payment: Payment, parcel: Parcel, *, key: str) -> Answer:
        """Report the sent ``parcel`` to the provider. Return ``ShippingNoted`` or ``ShippingRefused``.

        A parcel that is reported twice is noted once.
        """
        ...
