"""Reading a request's body before any handler does: bounded in bytes and time, and made of text we can store."""

import asyncio
import json
import re
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from shared.web.problems import Problem

_JSON_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_JSON_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class ClientGone(Exception):
    """The client left before its body was complete; there is nobody to answer."""


def not_text(encoded: bytes) -> bool:
    """Percent-encoded bytes that are not UTF-8, or hold a NUL, which PostgreSQL cannot store."""
    if encoded.isascii() and b"%" not in encoded and b"\x00" not in encoded:
        return False
    plain = unquote_to_bytes(encoded)
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\x00" in plain


def problem_in_json(body: bytes) -> Problem | None:
    """What no handler should have to meet in JSON. Other mistakes are for the route, which names the field.

    A NUL or half a surrogate pair is legal to write and impossible to store; a key given twice would mean one
    thing to us and another to whoever checked it before.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return Problem(400, "not_text")
    if b"\\u" in body and (_JSON_NUL.search(body) or _half_a_pair(body)):
        return Problem(400, "not_text")
    try:
        json.loads(body, object_pairs_hook=_once_each)
    except RecursionError:
        return Problem(422, "too_deep")
    except _KeyTwice:
        return Problem(422, "key_twice")
    except ValueError:
        return None
    return None


def _half_a_pair(body: bytes) -> bool:
    if not _JSON_SURROGATE.search(body):
        return False
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return "surrogate" in str(error)
    return False


class _KeyTwice(Exception):
    """An object of the body names a key twice."""


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _KeyTwice


async def read_all(receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None if it grows beyond `limit` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def counted(receive: Receive, limit: int, *, seconds_max: float) -> Receive:
    """Pass an upload through piece by piece; 413 when it grows beyond `limit`, 408 when it takes too long.

    The time counts from the first piece that is asked for, and ends with the last one.
    """
    seen = 0
    deadline: float | None = None
    complete = False

    async def receive_counted() -> Message:
        nonlocal seen, deadline, complete
        if complete:
            return await receive()
        deadline = deadline or asyncio.get_running_loop().time() + seconds_max
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(408) from error
        complete = not message.get("more_body", False)
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413)
        return message

    return receive_counted
