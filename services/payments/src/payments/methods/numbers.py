"""The piece of a method with which the buyer pays later: a number, or an account.

**Flow** ``prepaid``. When Noren consumes ``StockReserved``, it stores a request ``issue``.
:meth:`IssuesNumbers.issue` returns ``Issued`` or ``Declined``. Then the payment waits for the buyer. The deposit of
the terms says how the money becomes known:

- ``automatic``: the look-up returns ``Captured`` for each receipt.
- ``by_hand``: staff record the deposit. Noren asks nobody.

**The deadline.** Noren keeps the deadline of a number. At ``due_at`` plus the grace of the terms it asks a last time.
Only then the payment has expired, and ``void`` informs the provider.

Buyers pay a number twice, or after it expired or was cancelled, and such a notice may be lost. Within ``look_after``
of the method Noren asks about a number daily, in every state of its payment.
"""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from payments.payment.rules.answers import Answer
from payments.payment.rules.payment import Payment


@runtime_checkable
class IssuesNumbers(Protocol):
    """Issues the number with which the buyer pays."""

    @abstractmethod
    async def issue(self, payment: Payment, *, key: str) -> Answer:
        """Issue a number for ``payment.amount`` yen."""
        ...
