"""A value that only a newer release knows: refused where it would be said, harmless wherever it is heard."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from mypy import api as mypy
from sqlalchemy import MetaData

from harness.eventually import eventually
from harness.hearing import said
from harness.postgres import MakeDatabase, TestPostgres
from harness.rabbitmq import TestBroker
from harness.running import read_queue, running
from notifications.mails.rendering import Mails, Shop
from notifications.previews.examples import example_of
from payments.methods.registry import Methods
from payments.settings import Settings as PaymentsSettings
from shared.database.migrations import module_of
from shared.database.transactions import Database
from shared.events import (
    CATALOGUE,
    AuthorizationEnded,
    BenefitShortageFound,
    CaptureRejected,
    Event,
    OrderCancelled,
    OrderPlaced,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentStandingChanged,
    RegistrationRefused,
    UnknownValue,
    UnknownValueSaid,
)
from shared.ids import new_id
from shared.messaging.amqp import Outgoing, Publisher, event_properties, events_exchange
from shared.messaging.consumers import Consumer, Consumers
from tests.checkout.order_examples import place
from tests.payments.card import Card
from tests.payments.payments_service import settings_for
from tools.documents import REPOSITORY, event_schema

Case = tuple[type[Event], str]

SERVICES = ("checkout", "payments", "members", "notifications")
NEW = "told_by_a_newer_release"
OPEN: list[Case] = [(kind, field) for kind in CATALOGUE.values() for field in kind.known_values]
# Words that a service hands on from elsewhere: plain text, of which nobody has a complete list.
HANDED_ON: list[Case] = [
    (OrderPlaced, "payment_flow"),
    (PaymentNumberIssued, "chain"),
    (CaptureRejected, "reason"),
    (PaymentStandingChanged, "calls"),
    (RegistrationRefused, "reason"),
    (BenefitShortageFound, "reason"),
]
# What has to be heard before, or the event is put off for long.
BEFORE: dict[type[Event], type[Event]] = {
    AuthorizationEnded: PaymentAuthorized,
    PaymentRefunded: PaymentCaptured,
}


def id_of(case: Any) -> str:
    return f"{case[0].__name__}.{case[1]}"


@pytest.mark.parametrize("case", OPEN, ids=id_of)
def test_nobody_says_a_value_that_the_event_does_not_know(case: Case) -> None:
    kind, field = case
    known = example_of(kind)
    known.check_values()

    with pytest.raises(UnknownValueSaid, match=rf"{kind.type}: {field} may not be '{NEW}'"):
        known.model_copy(update={field: NEW}).check_values()


async def test_who_says_an_unknown_value_commits_nothing(make_db: MakeDatabase) -> None:
    db = await make_db("checkout", _tables("checkout"))

    with pytest.raises(UnknownValueSaid):
        async with db.transaction() as tx:
            tx.say(example_of(OrderCancelled))
            tx.say(example_of(OrderCancelled, reason=UnknownValue(NEW)))

    assert await said(db) == []


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.type)
def test_the_schema_lists_known_values_and_closes_none(kind: type[Event]) -> None:
    schema = event_schema(kind)
    told = {
        name: tuple(field["x-known-values"])
        for name, field in schema["properties"].items()
        if "x-known-values" in field
    }
    words = {word for part in _parts(schema.get("$defs", {})) for word in part}

    assert told == dict(kind.known_values)
    assert not words & {"enum", "const", "x-known-values"}
    assert not {"enum", "const"} & {word for part in _parts(schema["properties"]) for word in part}


@pytest.mark.processes
def test_mypy_finds_a_typo_where_a_constant_is_said(tmp_path: Path) -> None:
    file = tmp_path / "says.py"
    file.write_text(
        "from shared.events import OrderCancelled\n"
        'OrderCancelled(order_code="N-1", reason="unpaid", by="x")\n'
        'OrderCancelled(order_code="N-1", reason="unpayed", by="x")\n',
        encoding="utf-8",
    )
    cache = REPOSITORY / ".mypy_cache"

    out, errors, _ = mypy.run(
        ["--config-file", str(REPOSITORY / "pyproject.toml"), "--cache-dir", str(cache), str(file)]
    )

    assert not errors
    assert [line.split(":")[1] for line in out.splitlines() if " error: " in line] == ["3"]


@dataclass
class Outcome:
    """What became of the event of each case: who heard it, and where and why it was buried."""

    sent: dict[Case, UUID]
    heard: dict[str, set[UUID]]
    dead: dict[UUID, list[str]]

    def missing(self, consumer: Consumer) -> list[Case]:
        """Return the cases that ``consumer`` has neither heard nor buried."""
        done = self.heard[consumer.queue] | self.dead.keys()
        return [
            case
            for case, event_id in self.sent.items()
            if case[0] in consumer.events and event_id not in done
        ]


@pytest.fixture(scope="module")
async def outcome(postgres: TestPostgres, broker: TestBroker) -> AsyncIterator[Outcome]:
    """Every service on the real broker has heard, for each case, an order and then the event."""
    async with AsyncExitStack() as stack:
        dbs, everybody = {}, {}
        for service in SERVICES:
            url = await postgres.create_database(service, _tables(service))
            stack.push_async_callback(postgres.drop_database, url)
            dbs[service] = Database(url.render_as_string(hide_password=False), service=service)
            stack.push_async_callback(dbs[service].close)
            everybody[service] = _consumers(service)
        resources = _resources(dbs["payments"])
        for service in SERVICES:
            await stack.enter_async_context(
                running(broker, dbs[service], everybody[service], resources=resources)
            )
        publisher = Publisher(broker.amqp_url, "test.newer_release")
        stack.push_async_callback(publisher.close)
        sent = {case: await _tell(publisher, dbs["checkout"], case) for case in [*OPEN, *HANDED_ON]}
        listeners = [consumer for one in everybody.values() for consumer in one.all]
        yield await _heard_by_all(broker, dbs, listeners, sent)


@pytest.mark.parametrize("case", [*OPEN, *HANDED_ON], ids=id_of)
async def test_an_unknown_value_is_handled_by_all_who_hear_it(outcome: Outcome, case: Case) -> None:
    event_id = outcome.sent[case]
    listeners = {consumer.queue for consumer in _all_consumers() if case[0] in consumer.events}

    assert outcome.dead.get(event_id, []) == []
    assert {queue for queue in listeners if event_id not in outcome.heard[queue]} == set()


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema inside ``schema``."""
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(part)


def _tables(service: str) -> MetaData:
    metadata: MetaData = module_of(service, "tables").metadata
    return metadata


def _consumers(service: str) -> Consumers:
    consumers: Consumers = import_module(f"{service}.consumers").consumers
    return consumers


def _all_consumers() -> list[Consumer]:
    return [consumer for service in SERVICES for consumer in _consumers(service).all]


def _resources(payments_db: Database) -> dict[type[Any], Any]:
    mails = Mails(Shop(name="のれん商店", url="http://127.0.0.1:8080", mail="shop@noren.example"))
    return {Mails: mails, Methods: Methods([Card()]), PaymentsSettings: settings_for(payments_db.url)}


async def _tell(publisher: Publisher, checkout_db: Database, case: Case) -> UUID:
    """Place an order for ``case`` and publish its event with an unknown value; return the id of that event."""
    kind, field = case
    code = f"N-{new_id().hex[-12:]}"
    order = await place(checkout_db, "card_like", code, payment_kind="card", payment_name="カード")
    value = (NEW,) if field == "calls" else NEW
    if kind is OrderPlaced:
        told: list[Event] = [order.model_copy(update={field: value})]
    else:
        before = [example_of(BEFORE[kind], **_about(BEFORE[kind], code))] if kind in BEFORE else []
        told = [order, *before, example_of(kind, **_about(kind, code)).model_copy(update={field: value})]
    for event in told:
        await publisher.publish([_message(event)])
    return told[-1].event_id


def _about(kind: type[Event], code: str) -> dict[str, Any]:
    """What ties an example to the order ``code``, wherever the class has a place for it."""
    ours = {"order_code": code, "authorization_id": f"A-{code}", "member_id": new_id(), "revision": 1}
    return {name: value for name, value in ours.items() if name in kind.model_fields}


def _message(event: Event) -> Outgoing:
    return Outgoing(
        events_exchange(event.producer),
        event.type,
        event.model_dump_json().encode(),
        event_properties(
            event_id=str(event.event_id),
            type_=event.type,
            correlation=event.correlation,
            occurred_at=event.occurred_at,
            app_id=event.producer,
            headers={},
        ),
    )


async def _heard_by_all(
    broker: TestBroker, dbs: dict[str, Database], listeners: list[Consumer], sent: dict[Case, UUID]
) -> Outcome:
    """Wait until each listener has heard or buried what was sent to it; what never ends, the tests tell."""
    outcome = Outcome(sent, {consumer.queue: set() for consumer in listeners}, {})

    async def all_done() -> None:
        for consumer in listeners:
            async with dbs[consumer.service].transaction() as tx:
                rows = await tx.rows(
                    "SELECT event_id FROM inbox WHERE consumer = :queue", queue=consumer.queue
                )
            outcome.heard[consumer.queue] = {row.event_id for row in rows}
            for letter in await read_queue(broker, f"{consumer.queue}.dead"):
                properties = letter.header.properties
                why = f"{consumer.queue}: {(properties.headers or {}).get('error')!r}"
                outcome.dead.setdefault(UUID(properties.message_id), []).append(why)
        assert [consumer.queue for consumer in listeners if outcome.missing(consumer)] == []

    with suppress(AssertionError):
        await eventually(all_done, seconds=90, every=0.5)
    return outcome
