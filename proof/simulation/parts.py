"""What a simulated service is made of. The tests of the tests replace single parts by broken ones."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from checkout.placing.order_wish import OrderWish
from checkout.placing.placements import Placement
from checkout.placing.till import Till
from payments.methods.registry import Methods
from payments.requests.provider_gate import ProviderGate
from proof.simulation.nodes import Node
from shared.database.outbox import OutboxRow
from shared.database.transactions import Database
from shared.due.work import DueWork
from shared.messaging.amqp import Link, Publisher
from shared.messaging.consumers import Consumer, Consumers, Handler
from shared.messaging.relay import Relay
from shared.messaging.stream import stream
from shared.messaging.worker import Intake

KINDS = ("amazon_pay", "konbini", "bank_transfer", "cash_on_delivery")
PLANS = ("serve", "serve", "cancel at any moment", "cancel when all is done")
POLL_SECONDS = 30.0
"""Looks for what nobody woke us for are rarer than in production: they only cost time."""
IDLE_SECONDS = 10.0


class Runs(Protocol):
    """A role of a process."""

    async def run(self) -> None:
        """Run until the process ends."""


class Relays(Runs, Protocol):
    """A relay."""

    def hand_over(self, rows: Sequence[OutboxRow]) -> None:
        """Take rows that this process has just committed."""


MakeWorker = Callable[[Consumer, Database, Link, Publisher, Mapping[type[Any], Any]], Runs]


def real_relay(db: Database, publisher: Publisher) -> Relays:
    """Make the real relay."""
    return Relay(db, publisher, look_every_seconds=POLL_SECONDS)


def real_worker(
    consumer: Consumer,
    db: Database,
    link: Link,
    publisher: Publisher,
    resources: Mapping[type[Any], Any],
) -> Runs:
    """Make the real worker."""
    consumers = Consumers(consumer.service)
    consumers.all.append(consumer)
    intake = Intake(link, publisher, prefetch=200, idle_seconds=IDLE_SECONDS)
    [worker] = stream("amqp://simulated", consumers, db, resources, intake).workers
    return worker


def real_publisher(link: Link) -> Publisher:
    """Make the real publisher."""
    return Publisher("", "", link=link)


def as_it_is(node: Node, works: Sequence[DueWork]) -> Sequence[DueWork]:
    """Change no due work."""
    return works


@dataclass(frozen=True)
class Parts:
    """The parts of all services. Defaults are the real ones.

    ``workers`` and ``functions`` replace the worker or the function of single queues (by one that takes one
    event), ``due_work`` may change
    the list of due work of a process, ``besides`` runs along in every process. Without ``ends_with_core_tasks``
    a process goes on when one of its roles has ended. ``strong`` names dangers that are strong in every seed, ``kinds`` the
    payment methods that buyers choose from, ``plans`` what staff do with an order: a planted bug is looked for
    where it can show itself. In a ``calm`` run nothing goes wrong, and each service is one process.
    """

    relay: Callable[[Database, Publisher], Relays] = real_relay
    worker: MakeWorker = real_worker
    workers: Mapping[str, MakeWorker] = field(default_factory=dict)
    functions: Mapping[str, Handler] = field(default_factory=dict)
    publisher: Callable[[Link], Publisher] = real_publisher
    gate: Callable[[Methods], ProviderGate] = ProviderGate
    due_work: Callable[[Node, Sequence[DueWork]], Sequence[DueWork]] = as_it_is
    poll_seconds: float = POLL_SECONDS
    besides: Callable[[Node], Awaitable[None]] | None = None
    place: Callable[[Till, OrderWish], Coroutine[Any, Any, Placement]] = Till.place_and_commit
    ends_with_core_tasks: bool = True
    strong: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    plans: tuple[str, ...] = PLANS
    calm: bool = False
