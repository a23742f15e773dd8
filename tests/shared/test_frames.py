"""Frames of AMQP read and written by us are those of pamqp, whatever is in them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pamqp.frame
import pytest
from aiormq.connection import FrameReceiver
from hypothesis import given
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat

from shared.messaging.frames import QuickReceiver, frame_in, message_frames

GREETING = pamqp.frame.marshal(Heartbeat(), 0)
SHORT = st.text(max_size=60)
MOMENTS = st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
VALUES = st.recursive(
    st.one_of(st.text(max_size=300), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none(), MOMENTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SHORT, inner, max_size=3),
    max_leaves=6,
)
PROPERTIES = st.builds(
    Basic.Properties,
    content_type=st.none() | SHORT,
    content_encoding=st.none() | SHORT,
    headers=st.none() | st.dictionaries(st.text(max_size=140), VALUES, max_size=5),
    delivery_mode=st.sampled_from((None, 1, 2)),
    priority=st.none() | st.integers(0, 9),
    correlation_id=st.none() | SHORT,
    reply_to=st.none() | SHORT,
    expiration=st.none() | SHORT,
    message_id=st.none() | SHORT,
    timestamp=st.none() | MOMENTS,
    message_type=st.none() | SHORT,
    user_id=st.none() | SHORT,
    app_id=st.none() | SHORT,
)
METHODS = st.one_of(
    st.builds(
        Basic.Deliver,
        consumer_tag=SHORT,
        delivery_tag=st.integers(0, 2**63 - 1),
        redelivered=st.booleans(),
        exchange=st.sampled_from(("", "payments.events")),
        routing_key=SHORT,
    ),
    st.builds(Basic.Ack, delivery_tag=st.integers(0, 2**63 - 1), multiple=st.booleans()),
    st.builds(Basic.Nack, delivery_tag=st.integers(0, 2**63 - 1), multiple=st.booleans()),
    st.builds(Basic.CancelOk, consumer_tag=SHORT),
)
FRAMES = st.one_of(
    METHODS,
    st.builds(ContentHeader, body_size=st.integers(0, 2**40), properties=PROPERTIES),
    st.builds(ContentBody, st.binary(min_size=1, max_size=200)),
)


def shown(frame: Any) -> Any:
    """Return all that a frame holds."""
    if isinstance(frame, ContentHeader):
        return (type(frame), frame.class_id, frame.weight, frame.body_size, dict(frame.properties))
    return (type(frame), frame.value if isinstance(frame, ContentBody | Heartbeat) else dict(frame))


async def arrive(reader: asyncio.StreamReader, wire: bytes, at_once: int) -> None:
    """Let bytes arrive, so many at once."""
    for start in range(0, len(wire), at_once):
        reader.feed_data(wire[start : start + at_once])
        await asyncio.sleep(0)
    reader.feed_eof()


async def received(kind: type[FrameReceiver], wire: bytes, *, at_once: int = 1_000) -> Sequence[Any]:
    """Return what a receiver makes of these bytes, and how it ends."""
    reader = asyncio.StreamReader()
    arriving = asyncio.create_task(arrive(reader, wire, at_once))
    receiver, found = kind(reader), list[Any]()
    try:
        async for size, channel, frame in receiver:
            found.append((size, channel, shown(frame)))
    except Exception as error:
        found.append(type(error))
    await arriving
    return found


@given(st.lists(FRAMES, max_size=5), st.integers(1, 400))
async def test_frames_are_received_as_pamqp_decodes_them(frames: list[Any], at_once: int) -> None:
    wires = [GREETING, *(pamqp.frame.marshal(one, 3) for one in frames)]
    found = await received(QuickReceiver, b"".join(wires), at_once=at_once)
    decoded = [pamqp.frame.unmarshal(one) for one in wires]
    assert found == [(size, channel, shown(frame)) for size, channel, frame in decoded]


@given(FRAMES, st.data())
async def test_damaged_frames_end_as_they_do_at_aiormq(frame: Any, data: st.DataObject) -> None:
    wire = bytearray(pamqp.frame.marshal(frame, 3))
    for _ in range(data.draw(st.integers(1, 3))):
        wire[data.draw(st.integers(7, len(wire) - 1))] = data.draw(st.integers(0, 255))
    damaged = GREETING + bytes(wire[: data.draw(st.integers(1, len(wire)))])
    assert await received(QuickReceiver, damaged) == await received(FrameReceiver, damaged)


@given(PROPERTIES, st.binary(max_size=300))
def test_messages_are_written_as_pamqp_encodes_them(properties: Basic.Properties, body: bytes) -> None:
    publish = Basic.Publish(exchange="payments.events", routing_key="payment_captured.v1", mandatory=True)
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    expected: list[Any] = [
        publish,
        ContentHeader(properties=properties, body_size=len(body)),
        *map(ContentBody, parts),
    ]
    written = message_frames(7, publish.exchange, publish.routing_key, properties, body, body_max=100)
    assert written == b"".join(pamqp.frame.marshal(one, 7) for one in expected)


@pytest.mark.parametrize("text", ["x" * 256, "漢" * 86])
def test_text_too_long_for_a_property_is_refused(text: str) -> None:
    properties = Basic.Properties(correlation_id=text)
    with pytest.raises(Exception) as ours:
        message_frames(1, "", "queue", properties, b"", body_max=100)
    with pytest.raises(ours.type):
        properties.marshal()


def test_deliveries_headers_bodies_and_confirms_need_no_pamqp() -> None:
    properties = Basic.Properties(
        message_id="1", headers={"shop": "noren"}, timestamp=datetime(2026, 1, 1, tzinfo=UTC)
    )
    for frame in (
        Basic.Deliver("tag", 1, False, "payments.events", "payment_captured.v1"),
        ContentHeader(body_size=2, properties=properties),
        ContentBody(b"{}"),
        Basic.Ack(1, True),
    ):
        wire = pamqp.frame.marshal(frame, 1)
        assert shown(frame_in(wire[0], wire[7:])) == shown(pamqp.frame.unmarshal(wire)[2])
