"""Consumers: the functions of a service that handle events, one function for each queue.

    consumers = Consumers("members")

    @consumers.on(PaymentCaptured, opens=Ledger)
    async def grant_points(event: PaymentCaptured, tx: Tx, ledger: Ledger) -> PointsGranted | None: ...

The queue is ``members.grant_points``, its dead letters ``members.grant_points.dead``. The function is called once for
each event, in a transaction that also contains the inbox row. The same commit stores the returned events in the outbox.
The function never calls an outside system. It stores a row with a due time, and due work makes the call.

Many events may share a transaction and its unit of work, which ``opens`` names. The unit of work is opened once before
the first event and saved once after the last.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, get_args, get_origin, get_type_hints

from shared.cause import following
from shared.database.transactions import Tx
from shared.events import Event

Handler = Callable[..., Awaitable[Any]]
Resources = Mapping[type[Any], Any]


class UnitOfWork(Protocol):
    """The state that all events of one transaction change.

    The consuming function changes it in memory, one event at a time. Events that the unit of work publishes while it is
    saved name their cause themselves (``Event.following``).
    """

    @classmethod
    def open(cls, *given: Any, **named: Any) -> AbstractAsyncContextManager[Any]:
        """Lock and read all rows that the events need. Save them at the end of the block if there was no error.

        The arguments are the transaction, the events, and resources, which are found by their types.
        """


@dataclass(frozen=True)
class Consumer:
    """One consuming function with the properties that are read from its signature."""

    service: str
    function: Handler
    events: tuple[type[Event], ...]
    takes_list: bool
    needs: tuple[type[Any], ...]
    says: tuple[type[Event], ...]
    linger_seconds: float = 0.0
    opens: type[UnitOfWork] | None = None
    opens_with: tuple[type[Any], ...] = ()

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.function.__name__

    @property
    def queue(self) -> str:
        """Return the name of the queue, also the name of the consumer in the inbox."""
        return f"{self.service}.{self.name}"

    async def call(self, events: Sequence[Event], tx: Tx, resources: Resources) -> None:
        """Run the function on ``events`` inside ``tx`` and put what it returns into the outbox.

        The event is the cause of all events that the function publishes for it.
        """
        if self.takes_list:
            await self._call_with_list(events, tx, [resources[kind] for kind in self.needs])
            return
        async with self._opened(events, tx, resources) as given:
            needed = [given[kind] for kind in self.needs]
            for event in events:
                with following(event.cause):
                    tx.say(*said(await self.function(event, tx, *needed)))

    async def _call_with_list(self, events: Sequence[Event], tx: Tx, needed: Sequence[Any]) -> None:
        """Call the function once with all events. Raises LookupError if a returned event names another cause."""
        causes = {event.event_id: event.cause for event in events}
        for one in said(await self.function(list(events), tx, *needed)):
            if one.caused_by not in causes:
                raise LookupError(f"{self.queue} says {one.type} and does not name the event that caused it")
            tx.say(one.following(causes[one.caused_by]))

    @asynccontextmanager
    async def _opened(
        self, events: Sequence[Event], tx: Tx, resources: Resources
    ) -> AsyncIterator[Resources]:
        if self.opens is None:
            yield resources
            return
        async with self.opens.open(tx, events, *[resources[kind] for kind in self.opens_with]) as unit:
            yield {**resources, self.opens: unit}


def said(result: Event | Sequence[Event] | None) -> Sequence[Event]:
    """Return the result of a handler or use case as a sequence of events."""
    if result is None:
        return ()
    return (result,) if isinstance(result, Event) else result


class Consumers:
    """All consuming functions of one service."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.all: list[Consumer] = []

    def on(
        self,
        *events: type[Event],
        opens: type[UnitOfWork] | None = None,
        says: Sequence[type[Event]] = (),
        linger_seconds: float = 0.0,
    ) -> Callable[[Handler], Handler]:
        """Subscribe the decorated function to ``events``. The function itself is not changed.

        ``opens`` is the unit of work that the events of one transaction share. The function takes it as a parameter.
        ``says`` are the events that the unit of work publishes, in addition to those that the function returns.
        ``linger_seconds`` is how long the first event of a batch waits for others. Where nobody waits for the result, a
        tenth of a second saves most transactions of a shop with some orders a second (docs/speed.md).

        A function that stores a whole batch with one statement may take a list of events. In ``caused_by`` of each
        returned event it names the cause among them.
        """

        def register(function: Handler) -> Handler:
            self.all.append(consumer_of(self.service, function, events, opens, says, linger_seconds))
            return function

        return register


def consumer_of(
    service: str,
    function: Handler,
    events: tuple[type[Event], ...],
    opens: type[UnitOfWork] | None = None,
    says: Sequence[type[Event]] = (),
    linger_seconds: float = 0.0,
) -> Consumer:
    """Return the consumer that the signature of ``function`` describes.

    Raises TypeError if it is no consuming function.
    """
    hints = get_type_hints(function)
    returned = _event_classes(hints.pop("return", None))
    names = list(inspect.signature(function).parameters)
    if len(names) < 2 or hints[names[1]] is not Tx:
        raise TypeError(f"{function.__qualname__} must take the event (or a list of events), then tx: Tx")
    takes_list = get_origin(hints[names[0]]) is list
    needs = tuple(hints[name] for name in names[2:])
    if opens is not None and (takes_list or opens not in needs):
        raise TypeError(f"{function.__qualname__} must take one event and the {opens.__name__} that it opens")
    return Consumer(
        service=service,
        function=function,
        events=events,
        takes_list=takes_list,
        needs=needs,
        says=(*returned, *(kind for kind in says if kind not in returned)),
        linger_seconds=linger_seconds,
        opens=opens,
        opens_with=_needs_of(opens) if opens is not None else (),
    )


def _needs_of(opens: type[UnitOfWork]) -> tuple[type[Any], ...]:
    hints = get_type_hints(opens.open)
    _, _, *needs = inspect.signature(opens.open).parameters
    return tuple(hints[name] for name in needs)


def _event_classes(hint: Any) -> tuple[type[Event], ...]:
    if isinstance(hint, type) and issubclass(hint, Event):
        return () if hint is Event else (hint,)
    found: list[type[Event]] = []
    for part in get_args(hint):
        found += [kind for kind in _event_classes(part) if kind not in found]
    return tuple(found)
