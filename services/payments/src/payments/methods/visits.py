"""The piece of a method whose buyer goes to a page of the provider. Such a method has ``visit`` in its terms.

``visit`` is the time limit of the visit. The menu has :attr:`Visits.go_path` as ``confirm_path``.

- Checkout sends the buyer to that path after the order was placed.
- ``authorize`` (or ``issue``) prepares the provider, gives it :meth:`Visits.back_url` and returns ``NeedsBuyer``.
- The common page (``visit_pages.py``) then sends the buyer on, by a redirect or by a form (:meth:`Visits.visit`).
- The return proves nothing. It only triggers a look-up. ``look_up`` returns ``Authorized`` (or ``Issued``) as soon as
  this is true, and nothing while the visit lasts.
- After the time limit the payment has failed (``buyer_abandoned``). Noren then calls ``void`` until the visit can
  have no effect any more.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

from payments.payment.rules.payment import Payment
from payments.providers.provider import Shop

VisitOutcome = Literal["success", "cancel", "failure"]
"""The outcome that a provider names when it sends a buyer back. It proves nothing."""


@dataclass(frozen=True)
class Visit:
    """How a buyer leaves for the provider: to ``url``, by a form if there are hidden ``fields``.

    ``form_origins`` are further origins to which the form is redirected, such as ``https://pay.example``.
    """

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    form_origins: tuple[str, ...] = ()


class Visits(ABC):
    """The way to the provider and back. A method without a form writes nothing of it."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Return the segment after ``/payments/`` in the addresses of the method."""

    @property
    def go_path(self) -> str:
        """Return the path of the common page from which buyers leave for the provider."""
        return f"/payments/{self.path}/go"

    @property
    def back_path(self) -> str:
        """Return the path of the common page to which the provider sends buyers back; see :meth:`back_url`."""
        return f"/payments/{self.path}/back"

    def back_url(self, shop: Shop, payment: Payment, outcome: VisitOutcome = "success") -> str:
        """Return the address to give to the provider for the buyer's return, by GET or POST."""
        query = urlencode({"order": payment.order_code, "outcome": outcome})
        return f"{shop.origin_url.rstrip('/')}{self.back_path}?{query}"

    def visit(self, payment: Payment) -> Visit:
        """Return how the buyer leaves for the provider. It is made for each visit, without asking the provider."""
        return Visit(payment.redirect_url)
