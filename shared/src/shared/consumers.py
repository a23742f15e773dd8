"""What a service hears: one function per queue, found by its decorator.

    consumers = Consumers("members")

    @consumers.on(PaymentCaptured)
    async def grant_points(event: PaymentCaptured, tx: Tx, earning: Earning) -> PointsGranted | None: ...

The queue is ``members.grant_points``, its dead letters ``members.grant_points.dead``. The function runs in
a transaction that also holds the inbox row; what it returns goes to the outbox with the same commit. It is
written for one event, or for a list of events where the path is hot. It never calls an outside system: it
writes down what is to be done, and due work does it.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from shared.database import Tx
from shared.events import Event

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Consumer:
    """One consuming function and what follows from its signature."""

    service: str
    function: Handler
    events: tuple[type[Event], ...]
    takes_list: bool
    needs: tuple[type[Any], ...]
    says: tuple[type[Event], ...]
    linger_seconds: float = 0.0

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.function.__name__

    @property
    def queue(self) -> str:
        """Return the name of the queue, also the name of the consumer in the inbox."""
        return f"{self.service}.{self.name}"

    async def call(self, events: Sequence[Event], tx: Tx, resources: Mapping[type[Any], Any]) -> None:
        """Run the function on ``events`` inside ``tx`` and put what it returns into the outbox."""
        needed = [resources[kind] for kind in self.needs]
        if self.takes_list:
            tx.say(*said(await self.function(list(events), tx, *needed)))
            return
        for event in events:
            tx.heard = event
            tx.say(*said(await self.function(event, tx, *needed)))
        tx.heard = None


def said(result: Event | Sequence[Event] | None) -> Sequence[Event]:
    """Return what a handler or use case returned as a sequence of events."""
    if result is None:
        return ()
    return (result,) if isinstance(result, Event) else result


class Consumers:
    """All consuming functions of one service."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.all: list[Consumer] = []

    def on(self, *events: type[Event], linger_seconds: float = 0.0) -> Callable[[Handler], Handler]:
        """Subscribe the decorated function to ``events``; it stays callable as it is.

        ``linger_seconds``: how long the first event of a batch may wait for company. Where nobody waits for
        the outcome, a tenth of a second saves most of the transactions of a shop that is neither idle nor
        flooded (docs/speed.md).
        """

        def register(function: Handler) -> Handler:
            self.all.append(_consumer(self.service, function, events, linger_seconds))
            return function

        return register


def _consumer(
    service: str, function: Handler, events: tuple[type[Event], ...], linger_seconds: float
) -> Consumer:
    hints = get_type_hints(function)
    says = _event_classes(hints.pop("return", None))
    names = list(inspect.signature(function).parameters)
    if len(names) < 2 or hints[names[1]] is not Tx:
        raise TypeError(f"{function.__qualname__} must take the event (or a list of events), then tx: Tx")
    return Consumer(
        service=service,
        function=function,
        events=events,
        takes_list=get_origin(hints[names[0]]) is list,
        needs=tuple(hints[name] for name in names[2:]),
        says=says,
        linger_seconds=linger_seconds,
    )


def _event_classes(hint: Any) -> tuple[type[Event], ...]:
    if isinstance(hint, type) and issubclass(hint, Event):
        return () if hint is Event else (hint,)
    found: list[type[Event]] = []
    for part in get_args(hint):
        found += [kind for kind in _event_classes(part) if kind not in found]
    return tuple(found)
