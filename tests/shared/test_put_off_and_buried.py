"""What could not be handled comes back after growing pauses, and rests in the end with its story."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from structlog.testing import capture_logs

from harness.counted import counted
from shared.database.transactions import Tx
from shared.errors import Refused, TryAgain
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import BrokerUnavailable, Outgoing, Publisher, event_properties
from shared.messaging.consumers import Consumers
from shared.messaging.dead_letter_headers import Death
from shared.messaging.heard import Heard
from shared.messaging.retries import FAILED_ATTEMPTS_MAX, TRY_AGAIN_ATTEMPTS_MAX, bury, put_off
from tests.shared.memory_broker import Post

consumers = Consumers("members")
EARLY, BUG = TryAgain("the order is not known yet"), ZeroDivisionError("a secret")
EVENT = PointsUsed(member_id=new_id(), points=1, order_code="N1")


@consumers.on(PointsUsed)
async def note_use(event: PointsUsed, tx: Tx) -> None:
    """Nothing."""


[NOTE_USE] = consumers.all


def delivery(**headers: Any) -> DeliveredMessage:
    """A message as the broker brings it, with these headers beside its own."""
    properties = event_properties(
        event_id=str(EVENT.event_id),
        type_=EVENT.type,
        correlation=EVENT.correlation,
        occurred_at=EVENT.occurred_at,
        app_id="members",
        headers={"shop": "noren", **headers},
    )
    found = SimpleNamespace(
        body=EVENT.model_dump_json().encode(),
        header=SimpleNamespace(properties=properties),
        exchange="members.events",
    )
    return cast(DeliveredMessage, found)


async def after(error: Exception, *, attempts: int, post: Post | None = None) -> Outgoing:
    """Fail with ``error`` after so many earlier failures; return what was sent."""
    post = post or Post()
    headers = {"attempts": attempts} if attempts else {}
    heard = Heard.decode(delivery(**headers), (PointsUsed,))
    await put_off(cast(Publisher, post), NOTE_USE, heard, error)
    [sent] = post.messages
    return sent


def headers_of(message: Outgoing) -> dict[str, Any]:
    """Return the headers of what was sent."""
    assert message.properties.headers is not None
    return dict(message.properties.headers)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 1), (1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 1800), (10, 1800)]
)
async def test_an_early_event_comes_back_after_growing_pauses(attempts: int, seconds: int) -> None:
    sent = await after(EARLY, attempts=attempts)
    assert (sent.exchange, sent.routing_key) == (f"members.retry.{seconds}s", "members.note_use")
    assert headers_of(sent)["attempts"] == attempts + 1
    assert "reason" not in headers_of(sent)


async def test_a_bug_is_tried_again_soon_and_only_a_few_times() -> None:
    assert (await after(BUG, attempts=0)).exchange == "members.retry.1s"
    assert (await after(BUG, attempts=1)).exchange == "members.retry.5s"
    assert FAILED_ATTEMPTS_MAX == 3
    assert (await after(BUG, attempts=2)).exchange == "members.dead"


async def test_an_event_too_early_for_hours_is_a_dead_letter() -> None:
    assert TRY_AGAIN_ATTEMPTS_MAX == 12
    dead = await after(EARLY, attempts=11)
    assert (dead.exchange, dead.routing_key) == ("members.dead", "members.note_use")
    story = headers_of(dead)
    assert (story["reason"], story["error"], story["attempts"]) == ("still_too_early", "TryAgain", 12)
    assert story["handler"] == "members.note_use"
    assert "the order is not known yet" in story["error_detail"]


async def test_what_a_strangers_error_says_is_not_written_down() -> None:
    story = headers_of(await after(BUG, attempts=2))
    assert (story["reason"], story["error"], story["error_detail"]) == ("failed", "ZeroDivisionError", "")


async def test_an_unreadable_message_is_dead_at_the_first_attempt() -> None:
    post = Post()
    error = Refused("no", "長" * 1_000)
    await bury(cast(Publisher, post), NOTE_USE, delivery(), reason="undecodable", error=error)
    story = headers_of(post.messages[0])
    assert (story["reason"], story["attempts"], story["error"]) == ("undecodable", 1, "Refused")
    assert story["error_detail"] == str(error)[:500]


async def test_a_message_comes_back_with_its_first_failure_time() -> None:
    first = await after(EARLY, attempts=0)
    old = delivery().header.properties
    assert first.body == EVENT.model_dump_json().encode()
    sent = first.properties
    for name in (
        "content_type",
        "content_encoding",
        "message_id",
        "message_type",
        "app_id",
        "correlation_id",
        "timestamp",
    ):
        assert getattr(sent, name) == getattr(old, name), name
    assert sent.delivery_mode == 2, "it outlives the broker"
    told = headers_of(first)
    assert told["shop"] == "noren"
    assert told["first_failed_at"] == told["last_failed_at"]
    at = datetime.fromisoformat(told["last_failed_at"])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)

    post = Post()
    again = delivery(attempts=1, first_failed_at="2026-11-22T00:00:00+00:00", last_failed_at="later")
    await put_off(cast(Publisher, post), NOTE_USE, Heard.decode(again, (PointsUsed,)), EARLY)
    told = headers_of(post.messages[0])
    assert told["first_failed_at"] == "2026-11-22T00:00:00+00:00"
    assert told["last_failed_at"] > told["first_failed_at"]


async def test_headers_that_cannot_be_sent_again_are_sent_as_they_read() -> None:
    post = Post()
    strange = delivery(note=b"\xff" * 600, kept=17, **{"x-death": [1]})
    await bury(cast(Publisher, post), NOTE_USE, strange, reason="undecodable", error=BUG)
    story = headers_of(post.messages[0])
    assert story["note"] == repr(b"\xff" * 600)[:500]
    assert story["kept"] == 17
    assert "x-death" not in story
    bare = delivery()
    bare.header.properties = Basic.Properties(message_id="m1")
    await bury(cast(Publisher, post), NOTE_USE, bare, reason="undecodable", error=BUG)
    assert set(headers_of(post.messages[1])) == {
        "attempts",
        "first_failed_at",
        "last_failed_at",
        "reason",
        "error",
        "error_detail",
        "handler",
    }


@pytest.mark.parametrize(("attempts", "exchange"), [(0, "members.retry.1s"), (2, "members.dead")])
async def test_a_copy_that_no_queue_took_is_no_copy(attempts: int, exchange: str) -> None:
    post = Post()
    post.no_queue = "N1"
    with pytest.raises(BrokerUnavailable, match=f"nothing is bound to {exchange}$"):
        await after(BUG, attempts=attempts, post=post)


BURIED = {
    "attempts": 3,
    "reason": "failed",
    "error": "ZeroDivisionError",
    "error_detail": "",
    "handler": "members.note_use",
    "first_failed_at": "2026-11-22T00:00:00+00:00",
    "last_failed_at": "2026-11-22T01:00:00+00:00",
}
DIED_IN_HAND = [
    {"queue": "members.waiting.1s", "reason": "expired", "time": datetime(2026, 11, 22, tzinfo=UTC)},
    {"queue": "members.note_use", "reason": "delivery_limit", "time": datetime(2026, 11, 22, 2, tzinfo=UTC)},
]


@pytest.mark.parametrize(
    ("headers", "death"),
    [
        (BURIED, Death("2026-11-22T01:00:00+00:00", "failed", "")),
        ({"attempts": 2, "x-death": DIED_IN_HAND}, Death("2026-11-22 02:00:00+00:00", "delivery_limit", "")),
        (
            {"died_at": "2026-11-22T01:00:00+00:00", "died_of": "failed", "replayed_by": "hanako@desk"},
            Death("2026-11-22T01:00:00+00:00", "failed", "hanako@desk"),
        ),
    ],
)
async def test_a_letter_moved_back_begins_anew(headers: dict[str, Any], death: Death) -> None:
    heard = Heard.decode(delivery(**headers), (PointsUsed,))
    assert (heard.death, heard.attempts) == (death, 0)
    post = Post()
    await put_off(cast(Publisher, post), NOTE_USE, heard, BUG)
    [sent] = post.messages
    assert sent.exchange == "members.retry.1s"
    told = headers_of(sent)
    assert set(told) == {"shop", "occurred_at", "attempts", "first_failed_at", "last_failed_at"}
    assert told["attempts"] == 1


@pytest.mark.parametrize("entries", [DIED_IN_HAND[:1], [], "odd", ["odd"], [{}]])
async def test_a_message_back_from_a_pause_goes_on_counting(entries: Any) -> None:
    heard = Heard.decode(delivery(attempts=2, **{"x-death": entries}), (PointsUsed,))
    assert (heard.death, heard.attempts) == (None, 2)


async def test_operators_read_what_was_put_off_and_why() -> None:
    with capture_logs() as logs:
        await after(EARLY, attempts=2)
    assert logs == [
        {
            "event": "message.put_off",
            "log_level": "info",
            "queue": "members.note_use",
            "event_id": str(EVENT.event_id),
            "type": PointsUsed.type,
            "seconds": 30,
            "attempts": 3,
            "error": "TryAgain",
        }
    ]


async def test_operators_read_and_count_what_is_dead() -> None:
    dead = {"consumer": "members.note_use", "outcome": "dead"}
    before = counted("noren_messages_total", **dead)
    with capture_logs() as logs:
        await after(BUG, attempts=2)
    assert logs == [
        {
            "event": "message.dead",
            "log_level": "error",
            "queue": "members.note_use",
            "reason": "failed",
            "error": "ZeroDivisionError",
            "attempts": 3,
        }
    ]
    assert counted("noren_messages_total", **dead) == before + 1
