"""The piece of a method that can be asked: what does the provider know about a payment?

**A lost answer.** Before any repetition the worker calls :meth:`LooksUp.look_up`. It returns *everything* that the
provider knows about this payment, oldest first:

- ``(Authorized, Captured)`` for a captured charge; ``Waiting`` and ``RefundWaiting`` for what is still in progress.
- ``()`` if the provider does not know the payment.
- ``(Unknown,)`` if the provider does not answer, or refuses the question with an unknown code.
- ``(Unknown,)`` with ``mismatch`` if the provider does not find an object that it named before.

Known facts do no harm in the list. The request is repeated, with the same key, only if the list does not answer the
open request. Find objects by the ids in ``payment.refs``, or by ``payment.payment_id.hex``. Send that id with the first
request for this purpose.

**Refunds made elsewhere.** Staff also refund in the provider's console. A look-up reports:

- each completed refund as ``Refunded`` with the provider's id, whoever requested it;
- behind them ``RefundedInAll``, if the provider knows the sum but not every refund.

Both count in every state of the payment, also on a live order.

**Disowned objects.** Staff may decide that an object belongs to another order (``payment.disowned``, by the provider's
ids). They may be mistaken, so a look-up goes on reporting it as long as the provider names it for this payment. The
rules then call a person and book nothing.

- Such an object need not be found any more. If it is not, that is no mismatch.
- It is none of the payment's own: :func:`payments.payment.rules.reports.objects.own_refs` leaves it out.
- :func:`payments.payment.rules.reports.objects.holds_counted_again` has the holds that staff count again. Report each
  of them: as the payment's hold if it is ``payment.authorization_id``, else as ``OtherHold``.

**After a notice.** ``read_notice`` of the provider gets what the provider posts to ``/payments/<path>/notices``. It
proves that the notice is genuine. It returns the provider's id of the notice and the reference of the payment.

- Noren stores the notice, commits, and responds with 200. Due work then looks the payment up.
- A notice is a hint. Only the look-up counts.
- ``refs`` of the notice are ids that only the notice names: a refund in the console, a charge of others. The look-up
  must check that they belong to the payment.
- ``alert`` is a ``Chargeback`` that the provider cannot be asked about. It calls a person. Another notice with the
  same chargeback is new; a look-up reports it only once.
- ``known=False`` marks a kind that the method does not know. Noren looks the payment up and lists the notice for
  staff.
- A forged notice raises :class:`~payments.providers.provider.NoticeRefused`.

**Lost notices.** ``poll_seconds`` of the method has, for each state, the pause after which Noren asks the provider
anyway. Within ``look_after`` Noren asks about a payment without a number after its money came. Somebody may refund it
in the provider's console, even more than was there.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from payments.payment.rules.answers import Answer
from payments.payment.rules.payment import Payment


@runtime_checkable
class LooksUp(Protocol):
    """Says what the provider knows about a payment."""

    @abstractmethod
    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return everything that the provider knows about the payment, oldest first; () if it knows nothing."""
        ...
