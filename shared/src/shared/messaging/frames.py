"""Reads and writes AMQP 0-9-1 frames three times as fast as pamqp, with the same bytes and objects.

pamqp decodes and encodes any frame field by field, by the name of its type. Nearly all received frames are deliveries
and confirms. Nearly all sent frames are messages with text headers. This module handles these. It leaves all other
frames to pamqp, which also decides what is an error.

aiormq accepts only its own receiver of frames, so :func:`read_quickly` replaces that class. A test compares every frame
with pamqp's. It fails if an upgrade changes the parts that this module uses (docs/speed.md).
"""

import asyncio
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import aiormq.connection
import pamqp.frame
from aiormq.connection import FrameReceiver
from aiormq.exceptions import AMQPConnectionError
from pamqp import decode, encode
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.common import FieldTable
from pamqp.header import ContentHeader

_HEAD = struct.Struct(">BHI")
_CONTENT = struct.Struct(">HHQH")
_TAG = struct.Struct(">Q")
_LONG = struct.Struct(">I")
_END = 0xCE
_METHOD, _HEADER, _BODY = 1, 2, 3
_DELIVER, _ACK = b"\x00\x3c\x00\x3c", b"\x00\x3c\x00\x50"
_MORE_FLAGS = 1
_KEY_BYTES_MAX = 128
_READ_BYTES = 65_536
_UNUSUAL = (struct.error, ValueError, IndexError, OverflowError)


class QuickReceiver(FrameReceiver):
    """Receives the frames of one connection, as many with one read as have arrived."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._arrived = b""
        self._at = 0

    async def get_frame(self) -> Any:
        """Return the next frame, as pamqp does: its bytes, its channel, what it is.

        Raises StopAsyncIteration at the end, AMQPConnectionError if the connection breaks, InvalidFrameError for bytes
        that are no frame.
        """
        if not self.started:
            return await super().get_frame()
        while True:
            known = self._next()
            if known is not None:
                return known
            if self.reader.at_eof():
                if self._arrived:
                    raise AMQPConnectionError(
                        f"Server connection ended after {len(self._arrived)} bytes of a frame"
                    )
                return await super().get_frame()
            try:
                self._arrived += await self.reader.read(_READ_BYTES)
            except OSError as error:
                raise AMQPConnectionError(f"Server connection broke: {error!r}") from error

    def _next(self) -> Any:
        """Take a frame that has arrived as a whole; None if there is none."""
        data, at = self._arrived, self._at
        if len(data) - at >= _HEAD.size:
            kind, channel, size = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + size + 1
            if end <= len(data):
                self._at = end
                rest = data[at + _HEAD.size : end]
                known = frame_in(kind, rest)
                return _read_by_pamqp(data[at:end]) if known is None else (end - at, channel, known)
        self._arrived, self._at = data[at:], 0
        return None


def read_quickly() -> None:
    """Let connections that are opened from now on receive their frames by :class:`QuickReceiver`."""
    aiormq.connection.FrameReceiver = QuickReceiver  # type: ignore[misc]


def _read_by_pamqp(frame: bytes) -> Any:
    try:
        return pamqp.frame.unmarshal(frame)
    except pamqp.exceptions.PAMQPException as error:
        raise aiormq.exceptions.InvalidFrameError(str(error)) from error


def frame_in(kind: int, rest: bytes) -> Any:
    """Return the frame of this ``kind`` in ``rest``, which has its end; None for one that is left to pamqp."""
    if rest[-1] != _END:
        return None
    try:
        if kind == _BODY and len(rest) > 1:
            return ContentBody(rest[:-1])
        if kind == _HEADER:
            return _content_header(rest[:-1])
        if kind == _METHOD:
            return _deliver(rest[:-1]) if rest.startswith(_DELIVER) else _ack(rest[:-1])
    except _UNUSUAL:
        return None
    return None


def _deliver(data: bytes) -> Any:
    consumer_tag, at = _text(data, 4)
    (tag,) = _TAG.unpack_from(data, at)
    bits = data[at + 8]
    exchange, at = _text(data, at + 9)
    routing_key, at = _text(data, at)
    return (
        Basic.Deliver(consumer_tag, tag, bool(bits & 1), exchange, routing_key) if at == len(data) else None
    )


def _ack(data: bytes) -> Any:
    if not data.startswith(_ACK) or len(data) != 13:
        return None
    return Basic.Ack(_TAG.unpack_from(data, 4)[0], bool(data[12] & 1))


def _content_header(data: bytes) -> Any:
    class_id, weight, body_size, flags = _CONTENT.unpack_from(data)
    if flags & _MORE_FLAGS:
        return None
    properties, at = Basic.Properties(), _CONTENT.size
    for flag, name, read in _PROPERTIES:
        if flags & flag:
            value, at = read(data, at)
            setattr(properties, name, value)
    if at != len(data):
        return None
    header = ContentHeader(weight, body_size, properties)
    header.class_id = class_id
    return header


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    return data[at + 1 : end].decode(), end


def _octet(data: bytes, at: int) -> tuple[int, int]:
    return data[at], at + 1


def _timestamp(data: bytes, at: int) -> tuple[Any, int]:
    return decode.timestamp(data[at : at + 8])[1], at + 8


def _table(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    end = at + 4 + _LONG.unpack_from(data, at)[0]
    at += 4
    table: dict[str, Any] = {}
    while at < end:
        key, at = _text(data, at)
        if data[at : at + 1] == b"S":
            start, at = at + 5, at + 5 + _LONG.unpack_from(data, at + 1)[0]
            table[key] = _text_or_bytes(data[start:at])
        else:
            used, table[key] = decode.embedded_value(data[at:end])
            at += used
    if at != end:
        raise ValueError("the table does not end where it says")
    return table, end


def _text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


_READ: Mapping[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "shortstr": _text,
    "octet": _octet,
    "table": _table,
    "timestamp": _timestamp,
}
_PROPERTIES = tuple(
    (flag, name, _READ[Basic.Properties.amqp_type(name)]) for name, flag in Basic.Properties.flags.items()
)


def message_frames(
    channel: int, exchange: str, routing_key: str, properties: Basic.Properties, body: bytes, *, body_max: int
) -> bytes:
    """Return the frames that publish a message, which must reach a queue, on a channel.

    ``body_max``: how many bytes of a body one frame may have.
    """
    header = _CONTENT.pack(Basic.frame_id, 0, len(body), 0)[:-2] + _property_bytes(properties)
    frames = [_publish(channel, exchange, routing_key), _frame(_HEADER, channel, header)]
    frames += [
        _frame(_BODY, channel, body[start : start + body_max]) for start in range(0, len(body), body_max)
    ]
    return b"".join(frames)


@lru_cache(maxsize=512)
def _publish(channel: int, exchange: str, routing_key: str) -> bytes:
    publish = Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=True)
    frame: bytes = pamqp.frame.marshal(publish, channel)
    return frame


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return b"%b%b%c" % (_HEAD.pack(kind, channel, len(payload)), payload, _END)


def _property_bytes(properties: Basic.Properties) -> bytes:
    flags, parts = 0, []
    for flag, name, read in _PROPERTIES:
        value = getattr(properties, name)
        if value is None or value == "":
            continue
        flags |= flag
        if read is _table:
            parts.append(_table_bytes(value))
        elif read is _text and type(value) is str and len(text := value.encode()) < 256:
            parts.append(b"%c%b" % (len(text), text))
        else:
            parts.append(properties.encode_property(name, value))
    return flags.to_bytes(2, "big") + b"".join(parts)


def _table_bytes(table: FieldTable) -> bytes:
    parts = []
    for key, value in sorted(table.items()):
        name = key.encode()
        if len(name) > _KEY_BYTES_MAX:
            return encode.field_table(table)
        if type(value) is str:
            text = value.encode()
            parts.append(b"%c%bS%b%b" % (len(name), name, _LONG.pack(len(text)), text))
        else:
            parts.append(b"%c%b%b" % (len(name), name, encode.encode_table_value(value)))
    entries = b"".join(parts)
    return _LONG.pack(len(entries)) + entries
