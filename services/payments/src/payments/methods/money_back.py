"""The pieces of a method that gives money back: release a hold or close a number, and refund.

**Cancelled orders.** :meth:`Voids.void` releases a hold or closes a number. It returns ``Voided``, or ``Captured``
if the money came first. :meth:`Refunds.refund` returns money (``Refunded``, ``RefundWaiting`` or ``RefundDeclined``).

- The order of payment and cancellation does not matter: no money of a cancelled order stays.
- Noren also calls ``void`` if the answer to ``authorize`` was lost and a look-up found nothing. ``void`` returns
  ``Waiting`` as long as the lost request may still arrive. Noren then repeats it.

**Refunds.** Each refund is a request with its own key and amount. One refund is in progress at a time.

- With ``part_refunds`` the amount may be below the whole: staff refund a part (PAY-18) or an excess.
- A declined refund is requested again with a new key.
- A ``RefundDeclined`` without the provider's id of a refund is believed after a look-up that reports no new refund.

**Disowned objects.** Nothing that staff disowned is released, and no money is refunded out of it. It belongs to another
order. :func:`payments.payment.rules.reports.objects.own_refs` leaves such ids out.
"""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from payments.payment.rules.answers import Answer
from payments.payment.rules.payment import Payment


@runtime_checkable
class Voids(Protocol):
    """Releases a hold, or closes a number."""

    @abstractmethod
    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Release the hold, or close the number."""
        ...


@runtime_checkable
class Refunds(Protocol):
    """Gives money back to the buyer."""

    @abstractmethod
    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Refund ``amount`` yen to the buyer."""
        ...
