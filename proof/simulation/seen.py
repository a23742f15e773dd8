"""The simulated world for the checks of ``proof.promises``: the same queries, faster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from proof.observers import Broker as RealBroker
from proof.observers import DeadLetter, Ledgers, Mail, MailCatcher, Movement, Outside
from proof.simulation.broker import Broker
from proof.simulation.gateway import Providers
from proof.simulation.mail_server import SimulatedMailServer
from proof.simulation.store import Store
from proof.tap import Tapped
from shared.clock import now


@dataclass(frozen=True)
class SeenBroker:
    """The broker."""

    broker: Broker

    async def hearers(self) -> dict[tuple[str, str], set[str]]:
        """Return who hears what."""
        return self.broker.hearers()

    async def dead_letters(self) -> list[DeadLetter]:
        """Return all dead letters."""
        return [
            DeadLetter(f"{queue}.dead", str(one.properties.message_id), dict(one.properties.headers or {}))
            for queue, letters in self.broker.dead.items()
            for one in letters
        ]

    async def tapped(self) -> list[Tapped]:
        """Return every event that was seen."""
        return [
            Tapped(service, event_id=str(one.properties.message_id), type=str(one.properties.message_type))
            for service, one in self.broker.seen
        ]


@dataclass(frozen=True)
class SeenLedgers:
    """The providers' ledgers."""

    providers: Providers

    async def movements(self) -> list[Movement]:
        """Return all movements."""
        return list(self.providers.movements())


@dataclass(frozen=True)
class SeenMails:
    """The accepted mails."""

    server: SimulatedMailServer

    async def copies(self) -> list[Mail]:
        """Return all accepted copies."""
        return list(self.server.copies)


class SeenWorld(Outside):
    """Everything that is looked at, at one moment: what was asked once is not asked again."""

    def __init__(
        self,
        stores: Mapping[str, Store],
        broker: Broker,
        providers: Providers,
        mail_server: SimulatedMailServer,
        journal_file: Path,
    ) -> None:
        super().__init__(
            {},
            cast("RealBroker", SeenBroker(broker)),
            cast("Ledgers", SeenLedgers(providers)),
            cast("MailCatcher", SeenMails(mail_server)),
            journal_file=journal_file,
        )
        self._stores = stores
        self._known: dict[Any, list[Any]] = {}

    def now(self) -> datetime:
        """Return the simulated time of day."""
        return now()

    async def rows(self, service: str, statement: str, *values: Any) -> list[Any]:
        """Return rows of one service's database."""
        asked = (service, statement, repr(values))
        if asked not in self._known:
            self._known[asked] = await self._stores[service].rows(statement, *values)
        return self._known[asked]


async def left_held(seen: SeenWorld, providers: Providers) -> Sequence[str]:
    """Return which cancelled orders' holds nobody let go, although a day and more has passed."""
    cancelled = {
        row["code"]
        for row in await seen.rows("checkout", "SELECT code FROM orders WHERE status = 'cancelled'")
    }
    held = [charge for charge in providers.amazon.charges.values() if charge.state == "Authorized"]
    return [
        f"order {one.reference} is cancelled, and {one.amount} yen are held"
        for one in held
        if one.reference in cancelled
    ]


def complaints(providers: Providers) -> Sequence[str]:
    """Return what a provider could make nothing of."""
    return providers.amazon.complaints
