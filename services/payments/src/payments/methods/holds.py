"""The pieces of a method that holds money: authorize, capture, and hold once more.

**Flow** ``authorized``. Noren stores a request ``authorize`` when the order is placed. A worker calls
:meth:`Authorizes.authorize`. Usual answers:

- ``Authorized``;
- ``Declined`` with a reason of PAY-22;
- ``NeedsBuyer`` if the buyer must visit the provider first (``visits.py``);
- ``Waiting`` if the provider has not decided.

**Deposit** ``capture``. The shop's policy decides when Noren calls :meth:`Captures.capture`. Answers:

- ``Captured``;
- ``CaptureDeclined`` (never: the hold is gone);
- ``CaptureRefused`` (not now: the hold still exists);
- ``Waiting``.

Unless it is refused, there is one request for each hold. With ``part_captures`` there is one request for each part,
with ``amount`` below the whole. After ``Captured`` of less the rest stays held. ``void`` releases it (``Voided``).

**A hold that ends.** A hold expires, its capture is finally declined, or less than the whole is captured in the
console. The answer is ``Expired``, ``Voided``, ``CaptureDeclined``, or ``Captured`` with less.

- With ``may_reauthorize`` staff may then request :meth:`Reauthorizes.reauthorize`. It holds the missing amount once
  more, on the same agreement with the buyer.
- It returns ``Authorized`` with a new id, ``Declined`` or ``Waiting``. The same ``key`` always means the same hold.
- From then on an answer about a hold names it by ``authorization_id``. Answers about ``payment.ended_holds`` change
  nothing.

**What others do.** Others may be able to charge the agreement with the buyer.

- Their money is ``Captured`` with ``beside_hold``. Their hold is an ``OtherHold``.
- ``void`` and ``reauthorize`` release ``payment.other_holds``, too.
"""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from payments.payment.rules.answers import Answer
from payments.payment.rules.payment import Payment


@runtime_checkable
class Authorizes(Protocol):
    """Holds the money of an order."""

    @abstractmethod
    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Hold ``payment.amount`` yen."""
        ...


@runtime_checkable
class Captures(Protocol):
    """Takes held money."""

    @abstractmethod
    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Capture ``amount`` yen of the hold."""
        ...


@runtime_checkable
class Reauthorizes(Protocol):
    """Holds money once more, without the buyer."""

    @abstractmethod
    async def reauthorize(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Hold ``amount`` yen once more, after the earlier hold ended. Return ``Declined`` if the provider allows none."""
        ...
