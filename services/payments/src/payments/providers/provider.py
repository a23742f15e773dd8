"""The contract of a provider: the company behind a payment method, or behind several.

A method that shares its provider with no other is its own provider (:class:`payments.methods.method.Method` is one).
Nothing is to be written here for it. If one contract covers several methods,
``payments/providers/<name>/`` has a subclass of :class:`Provider`. It has their common parts: client, settings,
secrets, proof of notices, and look-ups. Each method keeps its own folder. It gets the provider from :meth:`Shop.provider` and
returns it as :attr:`payments.methods.method.Method.provider`. In each process all its methods then share:

- one notice path, ``/payments/<name>/notices``: the reference of a notice finds payment and method;
- one circuit breaker and one limit of requests at once (``payments/requests/provider_gate.py``);
- one set of connections, closed once.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeVar

from payments.payment.rules.answers import Chargeback
from shared.shop.identity.facts import NAMELESS
from shared.shop.identity.known import KnownShop

if TYPE_CHECKING:
    from shared.shop.statements import Issuer


class NoticeRefused(Exception):
    """The notice is forged, malformed, or cannot be proved now. Nothing is stored.

    - ``code`` goes to the log.
    - ``status`` is the HTTP status of the response: 503 if the sender shall send it again.
    - ``genuine``: the sender is proved, but nobody can read the notice. It is kept for staff; the response is the
      same.
    """

    def __init__(self, code: str, *, status: int = 400, genuine: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.genuine = genuine


@dataclass(frozen=True)
class Notice:
    """A genuine notice.

    - ``notice_id`` is the provider's id. The same id is stored once.
    - ``reference`` is one of the payment's ``refs``, or its hexadecimal id; None if the notice is about no payment.
    - ``refs`` are further ids for the look-up.
    - ``alert`` is a chargeback that only the notice can report.
    - ``known``: whether the method knows the kind of notice. Otherwise staff see it.
    """

    notice_id: str
    reference: str | None
    summary: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)
    alert: Chargeback | None = None
    known: bool = True


@dataclass(frozen=True)
class Shop:
    """What a method learns about the shop.

    ``issuer`` signs wallet statements; it is None in a process without pages. ``environment`` has the settings.
    ``known`` is the identity that staff gave the shop.
    """

    origin_url: str
    sandbox: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    issuer: "Issuer | None" = None
    known: KnownShop = field(default_factory=lambda: KnownShop(NAMELESS), compare=False, repr=False)
    _providers: "dict[type[Provider], Provider]" = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def provider(self, kind: "type[P]") -> "P":
        """Return the shop's one connection with a provider. The first method that asks for it creates it."""
        if kind not in self._providers:
            self._providers[kind] = kind.from_environment(self)
        found = self._providers[kind]
        assert isinstance(found, kind)
        return found


class Provider(ABC):
    """A company that moves money for the shop. The docstring of this module explains it."""

    label: str = ""
    """The name for staff. A method that is its own provider has the method's name."""
    requests_at_once_max: int = 4
    """The maximum number of open requests of a worker at this provider at the same time."""

    @classmethod
    @abstractmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Return the provider, made from its settings. Raises ValueError (pydantic) if they are not complete."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the name of its folder."""

    @property
    def path(self) -> str:
        """Return the segment after ``/payments/`` in its addresses."""
        return self.name

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Prove that a notice is genuine, and return its content. Raises NoticeRefused."""
        raise NoticeRefused(f"{self.name}_sends_no_notices")

    async def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Close connections."""


P = TypeVar("P", bound=Provider)
