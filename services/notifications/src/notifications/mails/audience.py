"""The audiences of mails. Only this module turns an audience into an address and a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from shared.events import OrderPlaced

Lane = Literal["order", "sign_up", "account", "warning", "desk", "test"]
"""The group of mails to the same address that share a limit.

Strangers can cause mails of ``order`` and ``sign_up``, staff mails of ``test``.
"""
JAPANESE = "ja"
"""The language that every mail has. It is the default if a mail does not exist in the requested language."""


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience. ``label`` is its name for staff.

    With ``told_by_events``, address and language are those of the buyer or member in the event. Otherwise the mail goes
    to the desk's own address, in Japanese.
    """

    code: str
    label: str
    told_by_events: bool

    def address(self, event: Any, order: OrderPlaced | None, *, desk_address: str) -> str:
        """Return the typed address. ``order`` is the order of ``event``, if it has one."""
        if not self.told_by_events:
            return desk_address
        return str(order.orderer.email if order else event.email)

    def language(self, event: Any, order: OrderPlaced | None) -> str:
        """Return the requested language, such as ``en`` for ``en-US``.

        The member's language comes before the order's.
        """
        if not self.told_by_events:
            return JAPANESE
        told = getattr(event, "language", "") or (order.language if order else "")
        return told.partition("-")[0].lower() or JAPANESE


AUDIENCES: Mapping[str, Audience] = MappingProxyType(
    {
        one.code: one
        for one in (
            Audience("customer", "お客様", told_by_events=True),
            Audience("shop", "お店", told_by_events=False),
        )
    }
)
