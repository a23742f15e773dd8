"""The outside view of a running shop: four databases, the broker, the providers' ledgers and the mail catcher.

Nothing here can change what it looks at: the database sessions are read-only, queues are counted and peeked
into, ledgers and mails are read. Only the tap is ours; it is a stream beside the services' queues.
"""

import json
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx

from proof.broker import Broker, DeadLetter, Queue
from proof.ledgers import Ledgers, Movement, movements_of
from proof.mailbox import Mail, MailCatcher
from proof.rows import Rows, read_json
from proof.tap import Tapped

__all__ = [
    "SERVICES",
    "Broker",
    "DeadLetter",
    "Ledgers",
    "Mail",
    "MailCatcher",
    "Movement",
    "Outside",
    "Queue",
    "Rows",
    "Said",
    "Tapped",
    "movements_of",
    "read_json",
]

SERVICES = ("checkout", "payments", "members", "notifications")


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
            Broker(
                environment["AMQP_MANAGEMENT_URL"],
                environment["AMQP_ADMIN_URL"],
                client,
                tap=environment.get("PROOF_TAP", "stream"),
            ),
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
