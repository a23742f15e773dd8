"""The outside view of a running shop: four databases, the broker, the providers' ledgers and the mail catcher.

Nothing here can change what it looks at: the database sessions are read-only, queues are counted and peeked
into, ledgers and mails are read. Only the tap is ours; it is a stream beside the services' queues.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx

from proof.tap import Tap, Tapped

SERVICES = ("checkout", "payments", "members", "notifications")
DEAD, TAP = ".dead", "proof.tap"
PEEK_MAX = 10_000


class Rows:
    """One service's database, through a session that may only read. Opens itself anew after a restart."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("+asyncpg", "")
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def all(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of ``statement`` (PostgreSQL's own ``$1`` for values)."""
        async with self._turn:
            connection = await self._open()
            return list(await connection.fetch(statement, *values))

    async def _open(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._url,
                timeout=10,
                server_settings={"default_transaction_read_only": "on", "application_name": "noren-proof"},
            )
            await read_json(self._connection)
        return self._connection

    async def value(self, statement: str, *values: Any) -> Any:
        """Return the first column of the first row."""
        rows = await self.all(statement, *values)
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            await self._connection.close(timeout=2)


async def read_json(connection: asyncpg.Connection) -> None:
    """Let a connection return JSON columns as Python values."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


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

    def __init__(self, management_url: str, amqp_url: str, client: httpx.AsyncClient) -> None:
        credentials = httpx.URL(amqp_url)
        self._auth = (credentials.username, credentials.password)
        self._url = management_url.rstrip("/")
        self._client = client
        self.tap = Tap(amqp_url, TAP)

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

    async def dead_letters(self) -> list[DeadLetter]:
        """Return all dead letters; they stay where they are."""
        return [
            DeadLetter(queue.name, letter["properties"].get("message_id", ""), _headers(letter))
            for queue in await self.queues()
            if queue.is_dead and queue.ready
            for letter in await self._peek(queue.name)
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


@dataclass(frozen=True)
class Movement:
    """One line of a provider's ledger: the truth about money, which no service can write.

    ``kind`` is the provider's own word, ``amount`` integer yen. ``charge`` is what may be captured once (a
    charge, a number), ``reference`` what we gave it to know it by (an order's code, a payment's id), ``key``
    the idempotency key of the request. ``order_code`` is empty where the provider knows none (a transfer).
    """

    method: str
    kind: str
    amount: int
    charge: str
    reference: str
    key: str
    at: str
    order_code: str = ""


class Ledgers:
    """The ledgers of all providers' simulators."""

    def __init__(self, simulator_urls: Mapping[str, str], client: httpx.AsyncClient) -> None:
        self._urls = simulator_urls
        self._client = client

    async def movements(self) -> list[Movement]:
        """Return all movements of all providers, each provider's oldest first."""
        return [
            movement
            for method, url in self._urls.items()
            for movement in movements_of(method, await self._entries(url))
        ]

    async def _entries(self, url: str) -> list[dict[str, Any]]:
        answer = await self._client.get(f"{url}/ledger")
        answer.raise_for_status()
        return list(answer.json()["entries"])


def movements_of(method: str, entries: Sequence[Mapping[str, Any]]) -> list[Movement]:
    """Read one provider's ledger. A reference may stand only on the first line of a charge."""

    def first(row: Mapping[str, Any], *names: str) -> str:
        return str(next((row[name] for name in names if row.get(name)), ""))

    found: list[Movement] = []
    known: dict[str, str] = {}
    for row in entries:
        reference = first(row, "merchant_reference_id", "reference")
        charge = first(row, "charge_id", "number_id") or reference
        if charge:
            reference = known.setdefault(charge, reference)
        key, at = first(row, "idempotency_key", "key"), str(row["at"])
        amount = int(row.get("amount") or 0)
        found.append(Movement(method, str(row["kind"]), amount, charge, reference, key, at))
    return found


@dataclass(frozen=True)
class Mail:
    """One copy of a mail that the mail server accepted."""

    message_id: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    at: datetime


class MailCatcher:
    """Every copy that was sent, through maildev's REST interface."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url.rstrip("/")
        self._client = client

    async def copies(self) -> list[Mail]:
        """Return all accepted copies."""
        answer = await self._client.get(f"{self._url}/email")
        answer.raise_for_status()
        return [
            Mail(
                message_id=_in_brackets(str(one.get("messageId") or one["headers"].get("message-id", ""))),
                recipients=tuple(str(to["address"]).lower() for to in one["envelope"]["to"]),
                subject=str(one.get("subject", "")),
                text=str(one.get("text", "")),
                at=datetime.fromisoformat(str(one["time"]).replace("Z", "+00:00")),
            )
            for one in answer.json()
        ]


def _in_brackets(message_id: str) -> str:
    return f"<{message_id.strip('<>')}>"


class Outside:
    """Everything that is looked at. ``kills`` counts processes that a test killed, for the promise N1."""

    def __init__(
        self,
        databases: Mapping[str, Rows],
        broker: Broker,
        ledgers: Ledgers,
        mails: MailCatcher,
        *,
        clock_file: Path | None = None,
        journal_file: Path | None = None,
    ) -> None:
        self.databases = databases
        self.broker = broker
        self.ledgers = ledgers
        self.mails = mails
        self.journal_file = journal_file
        self._clock_file = clock_file
        self._exits = AsyncExitStack()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Look at the installation that ``environment`` describes (what `make` gives to tools)."""
        client = httpx.AsyncClient(timeout=30, trust_env=False)
        simulators = {
            name.removesuffix("_SIMULATOR_URL").lower(): url
            for name, url in environment.items()
            if name.endswith("_SIMULATOR_URL")
        }
        journal = environment.get("PROOF_JOURNAL")
        made = cls(
            {name: Rows(environment[f"{name.upper()}_DATABASE_URL"]) for name in SERVICES},
            Broker(environment["AMQP_MANAGEMENT_URL"], environment["AMQP_ADMIN_URL"], client),
            Ledgers(simulators, client),
            MailCatcher(environment["MAIL_URL"], client),
            clock_file=Path(environment["CLOCK_FILE"]) if "CLOCK_FILE" in environment else None,
            journal_file=Path(journal) if journal else None,
        )
        made._exits.push_async_callback(client.aclose)
        return made

    @classmethod
    def of_environment(cls) -> Self:
        """Look at the installation whose addresses are in our environment."""
        return cls.of(os.environ)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for rows in self.databases.values():
            await rows.close()
        await self._exits.aclose()

    def now(self) -> datetime:
        """Return the services' time: real time, moved as the demo's clock is."""
        offset = 0.0
        if self._clock_file is not None and self._clock_file.exists():
            offset = float(self._clock_file.read_text().strip() or 0)
        return datetime.now(UTC) + timedelta(seconds=offset)

    async def rows(self, service: str, statement: str, *values: Any) -> list[Any]:
        """Return rows of one service's database."""
        return await self.databases[service].all(statement, *values)

    async def said(self, *types: str) -> list["Said"]:
        """Return all committed events of all services, oldest first within each; only ``types`` if given."""
        found: list[Said] = []
        for service in SERVICES:
            rows = await self.rows(
                service,
                "SELECT event_id, type, correlation, body, occurred_at, created_at, published_at FROM outbox"
                " WHERE cardinality($1::text[]) = 0 OR type = ANY($1) ORDER BY seq",
                list(types),
            )
            found += [
                Said(
                    service,
                    str(row["event_id"]),
                    row["type"],
                    row["correlation"],
                    json.loads(row["body"]),
                    row["occurred_at"],
                    row["published_at"] is not None,
                )
                for row in rows
            ]
        return found

    async def movements(self) -> list[Movement]:
        """Return all movements of money, with the order that each is for where it names one."""
        rows = await self.rows("payments", "SELECT payment_id, order_code FROM payments")
        order_of = {row["payment_id"].hex: row["order_code"] for row in rows}
        order_of |= {code: code for code in order_of.values()}
        # What names an order that payments has never heard of must show, too.
        return [
            replace(one, order_code=order_of.get(one.reference, one.reference))
            for one in await self.ledgers.movements()
        ]

    async def heard(self) -> set[tuple[str, str]]:
        """Return what was heard: (queue, event id), of all services."""
        found: set[tuple[str, str]] = set()
        for service in SERVICES:
            rows = await self.rows(service, "SELECT consumer, event_id FROM inbox")
            found |= {(row["consumer"], str(row["event_id"])) for row in rows}
        return found


@dataclass(frozen=True)
class Said:
    """A committed event: a row of an outbox."""

    service: str
    event_id: str
    type: str
    correlation: str
    body: Mapping[str, Any]
    occurred_at: datetime
    published: bool
