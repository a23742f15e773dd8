"""A broker in memory: topic exchanges, queues, waiting queues, dead letters, confirms and acknowledgements.

It keeps what RabbitMQ promises (a confirmed persistent message stays until it is acknowledged; what is
unacknowledged comes back when its channel ends) and, as the dangers allow, nothing more: it delivers late,
twice and in another order, loses confirms and acknowledgements, forgets consumers, restarts.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace

from proof.simulation.chance import Chance
from proof.simulation.channel import SimulatedLink
from proof.simulation.messages import Message, Subscription
from proof.simulation.trace import Trace
from shared.messaging.amqp import events_exchange
from shared.messaging.consumers import Consumer
from shared.messaging.topology import RETRY_STEPS_SECONDS, dead_exchange, retry_exchange

FORGOTTEN = 0.3
WAIT_SECONDS_MAX = 120.0
"""Longer pauses between attempts are cut to this: they only cost looks at the clock."""


class Broker:
    """The broker of one simulated world."""

    def __init__(self, loop: asyncio.AbstractEventLoop, chance: Chance, trace: Trace) -> None:
        self.loop = loop
        self.chance = chance
        self.trace = trace
        self.is_up = True
        self.seen: list[tuple[str, Message]] = []
        self.dead: dict[str, list[Message]] = defaultdict(list)
        self.moving = 0
        self._bindings: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._queues: dict[str, deque[Message]] = {}
        self._subscriptions: dict[str, list[Subscription]] = defaultdict(list)
        self._links: list[SimulatedLink] = []
        self._unbound: set[str] = set()
        self._restarts = 0

    def declare(self, consumers: Iterable[Consumer]) -> None:
        """Declare the queues of ``consumers`` and what they hear."""
        for consumer in consumers:
            self._queues[consumer.queue] = deque()
            for event in consumer.events:
                self._bindings[events_exchange(event.producer), event.type].append(consumer.queue)

    def unbind(self, service: str, *, seconds: float) -> None:
        """Nobody is bound to what ``service`` says for ``seconds``: deployed before those who hear it."""
        self._unbound.add(events_exchange(service))
        self.loop.call_later(seconds, self._unbound.clear)

    def hearers(self) -> dict[tuple[str, str], set[str]]:
        """Return who hears what: (service, event type) -> queues."""
        return {
            (exchange.removesuffix(".events"), type_): set(queues)
            for (exchange, type_), queues in self._bindings.items()
        }

    def link(self, name: str) -> "SimulatedLink":
        """Return a connection to this broker."""
        made = SimulatedLink(self, name)
        self._links.append(made)
        return made

    def restart(self, *, seconds: float) -> None:
        """Go down, lose what is not persistent, and come up again after ``seconds``."""
        self.trace.add("broker", f"down for {seconds:.1f} s")
        self.is_up = False
        for link in self._links:
            link.cut()
        for name, queue in self._queues.items():
            self._queues[name] = deque(one for one in queue if one.properties.delivery_mode == 2)
        self._restarts += 1
        self.loop.call_later(seconds, self._come_up)

    def _come_up(self) -> None:
        self.trace.add("broker", "up")
        self.is_up = True

    def forget_consumers(self) -> None:
        """Cancel some consumers without a word (hazard 8)."""
        for subscribed in list(self._subscriptions.values()):
            for one in list(subscribed):
                if self.chance.happens(FORGOTTEN):
                    self.trace.add("broker", f"forgets a consumer of {one.queue}")
                    self.end_subscription(one)

    def is_at_rest(self) -> bool:
        """Return whether nothing waits, travels or is being handled."""
        unacked = any(one.unacked for subscribed in self._subscriptions.values() for one in subscribed)
        return not (self.moving or unacked or any(self._queues.values()))

    def route(self, exchange: str, routing_key: str, message: Message) -> bool:
        """Take a message; return whether a queue took it."""
        service = exchange.partition(".")[0]
        if exchange == dead_exchange(service):
            self.trace.add("broker", f"{routing_key} buries {message.name}")
            self.dead[routing_key].append(message)
            return True
        steps = {retry_exchange(service, seconds): seconds for seconds in RETRY_STEPS_SECONDS}
        if exchange in steps:
            self.chance.sometimes("message put off")
            self._later(min(steps[exchange], WAIT_SECONDS_MAX), routing_key, message)
            return True
        if exchange in self._unbound:
            self.chance.sometimes("message returned: nothing bound")
            return False
        self.seen.append((service, message))
        queues = self._bindings.get((exchange, routing_key), ())
        for queue in queues:
            self._later(self.chance.moment(), queue, message)
            if self.chance.happens(self.chance.dangers.twice, "message delivered twice"):
                self._later(self.chance.moment() * self.chance.number(1, 30), queue, message)
        return bool(queues)

    def _later(self, seconds: float, queue: str, message: Message) -> None:
        self.moving += 1
        self.loop.call_later(seconds, self._arrive, queue, message, self._restarts)

    def _arrive(self, queue: str, message: Message, restarts: int) -> None:
        self.moving -= 1
        if restarts != self._restarts and message.properties.delivery_mode != 2:
            return
        self.put(queue, message)

    def put(self, queue: str, message: Message) -> None:
        """Give a message to a consumer of ``queue``, or keep it until there is one."""
        subscribed = self._subscriptions[queue] if self.is_up else []
        if not subscribed:
            self._queues[queue].append(message)
            return
        one = self.chance.one_of(subscribed)
        self.trace.add("broker", f"delivers {message.name} to {queue} at {one.channel.name}")
        one.channel.deliver(one, message)

    def subscribe(self, subscription: Subscription) -> None:
        """Add a consumer, and give it what waits."""
        self._subscriptions[subscription.queue].append(subscription)
        waiting, self._queues[subscription.queue] = self._queues[subscription.queue], deque()
        for message in waiting:
            self.put(subscription.queue, message)

    def end_subscription(self, subscription: Subscription) -> None:
        """Remove a consumer; what it did not acknowledge comes back."""
        subscribed = self._subscriptions[subscription.queue]
        if subscription in subscribed:
            subscribed.remove(subscription)
        back, subscription.unacked = subscription.unacked, {}
        for message in back.values():
            self.chance.sometimes("message came back unacknowledged")
            self._later(self.chance.moment(), subscription.queue, replace(message, redelivered=True))

    def consumers_of(self, queue: str) -> int:
        """Return how many consumers the broker knows of."""
        return len(self._subscriptions[queue])
