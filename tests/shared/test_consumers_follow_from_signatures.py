"""What a consuming function hears, needs and says stands in its signature; nothing else lists it."""

from collections.abc import Sequence
from typing import cast

import pytest

from shared.consumers import Consumer, Consumers, said
from shared.database import Connection, Tx
from shared.events import Event, PointsActivated, PointsGranted, PointsReturned, PointsUsed
from shared.ids import new_id


class Rate:
    """What a function may need."""


class Shelf:
    """What else it may need."""


class Notepad(Tx):
    """Notes what is said, and what was being heard then."""

    def __init__(self) -> None:
        super().__init__(cast(Connection, None))
        self.noted: list[tuple[str, Event | None]] = []

    def say(self, *events: Event) -> None:
        """Note it."""
        self.noted += [(event.correlation, self.heard) for event in events]


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


def test_a_function_is_known_by_its_queue_and_stays_callable_as_it_is() -> None:
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


def test_a_function_without_event_and_transaction_is_refused_by_its_name() -> None:
    async def nothing() -> None:
        """Take nothing."""

    with pytest.raises(TypeError) as refused:
        Consumers("members").on(PointsUsed)(nothing)
    assert str(refused.value).endswith("nothing must take the event (or a list of events), then tx: Tx")


def test_one_event_none_and_many_are_all_a_sequence() -> None:
    event = used()
    assert (list(said(None)), list(said(event)), list(said([event, event]))) == ([], [event], [event, event])


async def test_single_events_are_heard_one_after_another_and_each_causes_what_it_made_said() -> None:
    heard: list[tuple[PointsUsed, Event | None, Rate]] = []

    async def answer(event: PointsUsed, tx: Tx, rate: Rate) -> PointsActivated:
        """Note what was heard."""
        heard.append((event, tx.heard, rate))
        return PointsActivated(member_id=event.member_id, points=1, order_code=event.order_code)

    consumers, rate, tx = Consumers("members"), Rate(), Notepad()
    consumers.on(PointsUsed)(answer)
    events = [used("N1"), used("N2")]
    await consumers.all[0].call(events, tx, {Shelf: Shelf(), Rate: rate})
    assert heard == [(event, event, rate) for event in events]
    assert tx.heard is None
    assert tx.noted == [("N1", events[0]), ("N2", events[1])]


async def test_a_list_is_heard_at_once_and_its_function_names_the_causes_itself() -> None:
    heard: list[list[PointsUsed]] = []

    async def answer(events: list[PointsUsed], tx: Tx, shelf: Shelf) -> list[PointsActivated]:
        """Note what was heard."""
        heard.append(events)
        assert isinstance(shelf, Shelf)
        assert tx.heard is None
        return [PointsActivated(member_id=one.member_id, points=1, order_code="N") for one in events]

    consumers, tx = Consumers("members"), Notepad()
    consumers.on(PointsUsed)(answer)
    events = (used("N1"), used("N2"))
    await consumers.all[0].call(events, tx, {Shelf: Shelf()})
    assert heard == [list(events)]
    assert tx.noted == [("N", None), ("N", None)]
