"""The contract of a provider: the company behind a payment method, or behind several.

A method that has its provider to itself is its own provider (:class:`payments.methods.method.Method` is one), and nothing
here needs to be written. Where one contract with a company covers several methods, ``payments/providers/<name>/``
holds a subclass of :class:`Provider` with what they share: client, settings and secrets, proof of notices, and how the
company is asked what became of a payment. Its methods stay folders of their own; each gets it from
:meth:`Shop.provider` and names it as :attr:`payments.methods.method.Method.provider`. So in each process there are, for all
of its methods together:

- one notice path, ``/payments/<name>/notices``: a notice names a reference, which finds payment and method;
- one circuit breaker and one limit of requests at once (``payments/requests/provider_gate.py``);
- one set of connections, closed once.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeVar

from payments.payment.rules.answers import Chargeback

if TYPE_CHECKING:
    from shared.shop.statements import Issuer


class NoticeRefused(Exception):
    """The notice is forged, malformed or not to be proved now; nothing is stored.

    ``code`` goes to the log; ``status`` is answered: 503 where the sender shall come again. ``genuine``: the sender
    is proved, but nobody can read what it says; it is kept for staff, and the answer stays the same.
    """

    def __init__(self, code: str, *, status: int = 400, genuine: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.genuine = genuine


@dataclass(frozen=True)
class Notice:
    """A notice that proved genuine. ``reference`` is one of the payment's ``refs``, or its hexadecimal id;
    None if it is about no payment. ``notice_id`` is the provider's: the same id is stored once.

    ``refs`` are ids that the look-up shall ask about as well, ``alert`` what only the notice can tell. ``known``:
    whether the method knows what such a notice means; else staff are shown it.
    """

    notice_id: str
    reference: str | None
    summary: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)
    alert: Chargeback | None = None
    known: bool = True


@dataclass(frozen=True)
class Shop:
    """What the service tells every method about the shop it works for.

    ``issuer`` signs wallet statements; None where no page is served. ``environment`` are the settings.
    """

    origin_url: str
    sandbox: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    issuer: "Issuer | None" = None
    _providers: "dict[type[Provider], Provider]" = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def provider(self, kind: "type[P]") -> "P":
        """Return the shop's one connection with a provider, made from its settings when a method first asks for it."""
        if kind not in self._providers:
            self._providers[kind] = kind.from_environment(self)
        found = self._providers[kind]
        assert isinstance(found, kind)
        return found


class Provider(ABC):
    """A company that moves money for the shop. See the text at the head of this module."""

    label: str = ""
    """What staff call it; a method that is its own provider is called by the method's name."""
    requests_at_once_max: int = 4
    """How many requests a worker has open at this provider at the same time."""

    @classmethod
    @abstractmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Make it from its settings. Raises ValueError (pydantic) if they are not complete."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of its folder."""

    @property
    def path(self) -> str:
        """The segment after ``/payments/`` in its addresses."""
        return self.name

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Prove that a notice is genuine and say what it is about. Raises NoticeRefused."""
        raise NoticeRefused(f"{self.name}_sends_no_notices")

    async def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Close connections."""


P = TypeVar("P", bound=Provider)
