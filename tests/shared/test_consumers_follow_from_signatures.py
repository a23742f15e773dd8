"""What a consuming function hears, needs and says stands in its signature; nothing else lists it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, cast
from uuid import UUID

import pytest

from harness.traces import causes, traced
from shared.cause import NO_CAUSE, Cause, current_cause
from shared.database.sql import Connection
from shared.database.transactions import Tx
from shared.events import Event, PointsActivated, PointsGranted, PointsReturned, PointsUsed
from shared.ids import new_id
from shared.messaging.consumers import Consumer, Consumers, said


class Rate:
    """What a function may need."""


class Shelf:
    """What else it may need."""


class Notepad(Tx):
    """A transaction without a database."""

    def __init__(self) -> None:
        super().__init__(cast(Connection, None))

    @property
    def noted(self) -> list[Event]:
        """Return what was said."""
        return self._said


def used(code: str = "N1") -> PointsUsed:
    """Points used on an order."""
    return PointsUsed(member_id=new_id(), points=1, order_code=code)


async def one(event: PointsUsed, tx: Tx) -> None:
    """Hear one event and say nothing."""


async def many(
    events: list[PointsUsed | PointsReturned], tx: Tx, rate: Rate, shelf: Shelf
) -> list[PointsGranted | PointsActivated] | None:
    """Hear many and say some."""


async def either(event: Event, tx: Tx) -> PointsActivated | PointsGranted | PointsActivated | None:
    """Say one of two."""


async def anything(event: Event, tx: Tx) -> Sequence[Event]:
    """Say whatever."""
    return ()


def test_a_function_has_its_queue_and_stays_callable() -> None:
    consumers = Consumers("members")
    assert consumers.on(PointsUsed)(one) is one
    assert consumers.on(PointsUsed, PointsReturned, linger_seconds=0.2)(many) is many
    first, second = consumers.all
    assert first == Consumer("members", one, (PointsUsed,), takes_list=False, needs=(), says=())
    assert second == Consumer(
        "members",
        many,
        (PointsUsed, PointsReturned),
        takes_list=True,
        needs=(Rate, Shelf),
        says=(PointsGranted, PointsActivated),
        linger_seconds=0.2,
    )
    assert (first.name, first.queue, first.linger_seconds) == ("one", "members.one", 0.0)
    assert (consumers.service, second.queue) == ("members", "members.many")


def test_what_a_function_may_say_is_named_once_each() -> None:
    consumers = Consumers("members")
    for function in (either, anything):
        consumers.on(PointsUsed)(function)
    assert [consumer.says for consumer in consumers.all] == [(PointsActivated, PointsGranted), ()]


def test_a_refused_function_is_named() -> None:
    async def nothing() -> None:
        """Take nothing."""

    with pytest.raises(TypeError) as refused:
        Consumers("members").on(PointsUsed)(nothing)
    assert str(refused.value).endswith("nothing must take the event (or a list of events), then tx: Tx")


def test_one_event_none_and_many_are_all_a_sequence() -> None:
    event = used()
    assert (list(said(None)), list(said(event)), list(said([event, event]))) == ([], [event], [event, event])


class Ledger:
    """A unit of work, opened with a rate."""

    def __init__(self, tx: Tx, events: Sequence[PointsUsed], rate: Rate) -> None:
        self.tx, self.events, self.rate = tx, events, rate
        self.posted: list[PointsUsed] = []
        self.saved = False

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[PointsUsed], rate: Rate) -> AsyncIterator[Self]:
        """Save unless something fails; what is said then follows from the last that was posted."""
        ledger = cls(tx, events, rate)
        LEDGERS.append(ledger)
        yield ledger
        ledger.saved = True
        [*_, last] = ledger.posted
        tx.say(granted("total").following(last.cause))


LEDGERS: list[Ledger] = []


def granted(code: str) -> PointsGranted:
    """Points granted for an order."""
    return PointsGranted(member_id=new_id(), points=1, state="active", reason="purchase", order_code=code)


async def post(event: PointsUsed, tx: Tx, ledger: Ledger, shelf: Shelf) -> PointsActivated:
    """Post one event."""
    assert (current_cause(), shelf) == (event.cause, SHELF)
    ledger.posted.append(event)
    if event.order_code == "wrong":
        raise ZeroDivisionError
    return PointsActivated(member_id=event.member_id, points=1, order_code=event.order_code)


SHELF, RATE = Shelf(), Rate()
RESOURCES: dict[type[Any], Any] = {Shelf: SHELF, Rate: RATE}


async def test_each_event_is_heard_alone_and_causes_what_is_said_of_it() -> None:
    heard: list[tuple[PointsUsed, Cause, Rate]] = []

    async def answer(event: PointsUsed, tx: Tx, rate: Rate) -> PointsActivated:
        """Note what was heard."""
        heard.append((event, current_cause(), rate))
        return PointsActivated(member_id=event.member_id, points=1, order_code=event.order_code)

    consumers, tx = Consumers("members"), Notepad()
    consumers.on(PointsUsed)(answer)
    events = [traced(used("N1")), traced(used("N2"))]
    await consumers.all[0].call(events, tx, RESOURCES)
    assert heard == [(event, Cause(event.event_id, event.traceparent), RATE) for event in events]
    assert current_cause() == NO_CAUSE
    assert causes(tx.noted, events) == [("PointsActivated", "N1"), ("PointsActivated", "N2")]


async def test_a_unit_of_work_is_opened_and_saved_once_for_all() -> None:
    LEDGERS.clear()
    consumers, tx = Consumers("members"), Notepad()
    consumers.on(PointsUsed, opens=Ledger, says=[PointsGranted, PointsActivated])(post)
    [consumer] = consumers.all
    assert (consumer.needs, consumer.opens_with) == ((Ledger, Shelf), (Rate,))
    assert consumer.says == (PointsActivated, PointsGranted)
    events = [traced(used(code)) for code in ("N1", "N2", "N3")]
    await consumer.call(events, tx, RESOURCES)
    [ledger] = LEDGERS
    assert (ledger.tx, ledger.events, ledger.rate, ledger.posted) == (tx, events, RATE, events)
    assert ledger.saved
    assert causes(tx.noted, events) == [
        ("PointsActivated", "N1"),
        ("PointsActivated", "N2"),
        ("PointsActivated", "N3"),
        ("PointsGranted", "N3"),
    ]


async def test_a_unit_of_work_is_not_saved_where_one_event_fails() -> None:
    LEDGERS.clear()
    consumers = Consumers("members")
    consumers.on(PointsUsed, opens=Ledger)(post)
    with pytest.raises(ZeroDivisionError):
        await consumers.all[0].call([traced(used("N1")), traced(used("wrong"))], Notepad(), RESOURCES)
    assert not LEDGERS[0].saved
    assert current_cause() == NO_CAUSE


def test_what_is_opened_is_taken_with_one_event_at_a_time() -> None:
    async def takes_none(event: PointsUsed, tx: Tx) -> None:
        """Take no ledger."""

    async def takes_list(events: list[PointsUsed], tx: Tx, ledger: Ledger) -> None:
        """Take many events."""

    for function in (takes_none, takes_list):
        with pytest.raises(TypeError) as refused:
            Consumers("members").on(PointsUsed, opens=Ledger)(function)
        assert str(refused.value).endswith("must take one event and the Ledger that it opens")


async def test_a_function_with_a_list_names_the_causes() -> None:
    heard: list[list[PointsUsed]] = []

    async def answer(events: list[PointsUsed], tx: Tx, shelf: Shelf) -> list[PointsActivated]:
        """Answer the last first."""
        heard.append(events)
        assert (shelf, current_cause()) == (SHELF, NO_CAUSE)
        return [
            PointsActivated(member_id=one.member_id, points=1, order_code="N", caused_by=one.event_id)
            for one in reversed(events)
        ]

    consumers, tx = Consumers("members"), Notepad()
    consumers.on(PointsUsed)(answer)
    events = (traced(used("N1")), traced(used("N2")))
    await consumers.all[0].call(events, tx, RESOURCES)
    assert heard == [list(events)]
    assert causes(tx.noted, events) == [("PointsActivated", "N2"), ("PointsActivated", "N1")]


@pytest.mark.parametrize("caused_by", [None, new_id()])
async def test_a_list_handler_that_names_no_cause_is_a_bug(caused_by: UUID | None) -> None:
    async def answer(events: list[PointsUsed], tx: Tx) -> PointsActivated:
        """Forget the cause."""
        return PointsActivated(member_id=new_id(), points=1, order_code="N", caused_by=caused_by)

    consumers, tx = Consumers("members"), Notepad()
    consumers.on(PointsUsed)(answer)
    with pytest.raises(LookupError) as bug:
        await consumers.all[0].call([used()], tx, {})
    assert str(bug.value) == (
        "members.answer says points_activated.v1 and does not name the event that caused it"
    )
    assert tx.noted == []
