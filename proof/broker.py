"""The broker from outside: lengths of queues, bindings, dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from proof.tap import Tap, Tapped

DEAD, TAP = ".dead", "proof.tap"
PEEK_MAX = 10_000


@dataclass(frozen=True)
class Queue:
    """How full a queue is, as the broker last counted (its figures are up to five seconds old)."""

    name: str
    ready: int
    unacked: int
    consumers: int

    @property
    def is_dead(self) -> bool:
        """Whether it holds dead letters."""
        return self.name.endswith(DEAD)


@dataclass(frozen=True)
class DeadLetter:
    """A message that a consumer could not take."""

    queue: str
    event_id: str
    headers: Mapping[str, Any]

    @property
    def consumer(self) -> str:
        """The queue that it was for."""
        return self.queue.removesuffix(DEAD)


class Broker:
    """RabbitMQ through its management interface, and the tap."""

    def __init__(
        self, management_url: str, amqp_url: str, client: httpx.AsyncClient, *, tap: str = "stream"
    ) -> None:
        credentials = httpx.URL(amqp_url)
        self._auth = (credentials.username, credentials.password)
        self._url = management_url.rstrip("/")
        self._client = client
        self.tap = Tap(amqp_url, TAP, tap)

    async def queues(self) -> list[Queue]:
        """Return all queues except the tap."""
        found = await self._get("queues")
        return [
            Queue(
                one["name"],
                one.get("messages_ready", 0),
                one.get("messages_unacknowledged", 0),
                one.get("consumers", 0),
            )
            for one in found
            if one["name"] != TAP
        ]

    async def hearers(self) -> dict[tuple[str, str], set[str]]:
        """Return who hears what: (service that says it, event type) -> queues bound to it."""
        hearers: dict[tuple[str, str], set[str]] = {}
        for one in await self._get("bindings"):
            exchange, queue = one["source"], one["destination"]
            if exchange.endswith(".events") and queue != TAP:
                key = (exchange.removesuffix(".events"), one["routing_key"])
                hearers.setdefault(key, set()).add(queue)
        return hearers

    async def dead_letters(self, *names: str) -> list[DeadLetter]:
        """Return all dead letters, or those of some queues alone; they stay where they are."""
        if not names:
            names = tuple(queue.name for queue in await self.queues() if queue.is_dead and queue.ready)
        return [
            DeadLetter(name, letter["properties"].get("message_id", ""), _headers(letter))
            for name in names
            for letter in await self._peek(name)
        ]

    async def tapped(self) -> list[Tapped]:
        """Return every event that the broker has seen since the tap was laid; [] where there is none."""
        return await self.tap.read()

    async def _peek(self, queue: str) -> list[Any]:
        wish = {"count": PEEK_MAX, "ackmode": "ack_requeue_true", "encoding": "auto", "truncate": 100}
        answer = await self._client.post(
            f"{self._url}/api/queues/%2F/{queue}/get", json=wish, auth=self._auth
        )
        answer.raise_for_status()
        return list(answer.json())

    async def _get(self, path: str) -> list[dict[str, Any]]:
        answer = await self._client.get(f"{self._url}/api/{path}", auth=self._auth)
        answer.raise_for_status()
        return list(answer.json())


def _headers(letter: Mapping[str, Any]) -> Mapping[str, Any]:
    headers: Mapping[str, Any] = letter["properties"].get("headers", {})
    return headers
