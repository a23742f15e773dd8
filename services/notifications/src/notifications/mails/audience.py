"""Whom mails are for: here, and nowhere else, an audience becomes an address and a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from shared.events import OrderPlaced

Lane = Literal["order", "sign_up", "account", "warning", "desk", "test"]
"""With which mails to the same address one is counted. Strangers cause those of ``order`` and ``sign_up``, staff ``test``."""
JAPANESE = "ja"
"""The language that every mail has, and that is written where a mail has no other that is asked for."""


@dataclass(frozen=True, slots=True)
class Audience:
    """``label`` is what staff call it.

    ``told_by_events``: address and language are those of the buyer or member whom the event is about. Otherwise the
    mail goes to the desk's own address, in Japanese.
    """

    code: str
    label: str
    told_by_events: bool

    def address(self, event: Any, order: OrderPlaced | None, *, desk_address: str) -> str:
        """Return where the mail goes, as it was typed; ``order`` is what ``event`` is about, if it is one."""
        if not self.told_by_events:
            return desk_address
        return str(order.orderer.email if order else event.email)

    def language(self, event: Any, order: OrderPlaced | None) -> str:
        """Return the language that is asked for: ``en`` of ``en-US``; of the member first, then of the order."""
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
