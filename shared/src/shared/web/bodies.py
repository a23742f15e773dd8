"""Read and check a request's body before any handler: limited in bytes and time, only storable text."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from shared.text.plain_text import storable
from shared.web.problems import Problem

# The JSON escapes of a NUL and of half a surrogate pair, which PostgreSQL cannot store. Whole pairs match as well.
_MAY_BE_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


# More digits than our integers have, and numbers that may round to an integer.
_MAY_BE_INEXACT = re.compile(rb"[0-9.]{17}|[0-9][eE]-[0-9]")
_EXACT_MAX = 2**53
_DIGITS_MAX = 4_000
"""Python refuses integers of more than 4,300 digits without a field's name."""
# A percent sign without two hexadecimal digits (RFC 3986 2.1). Browsers send none in a form, and decoding them takes long.
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class ClientGone(Exception):
    """The client left before its body was complete; there is nobody to answer."""


def not_text(encoded: bytes) -> bool:
    """Return whether percent-encoded bytes are not UTF-8, or contain a NUL. PostgreSQL cannot store a NUL."""
    if encoded.isascii() and b"%" not in encoded and b"\x00" not in encoded:
        return False
    plain = unquote_to_bytes(encoded)
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\x00" in plain


def problem_in(kind: str, body: bytes) -> Problem | None:
    """Return a problem in a body of the content type ``kind``. A body without a type may be JSON."""
    if kind.endswith(("/json", "+json")) or not kind:
        return problem_in_json(body)
    return problem_in_form(body) if kind == "application/x-www-form-urlencoded" else None


def problem_in_form(body: bytes) -> Problem | None:
    """Return a problem in a form, with the field's name."""
    if _STRAY_PERCENT.search(body):
        return Problem(400, "not_text")
    if not not_text(body):
        return None
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        if not_text(value) and not not_text(name):
            return _unstorable(unquote_to_bytes(name.replace(b"+", b" ")).decode())
    return Problem(400, "not_text")


def problem_in_json(body: bytes) -> Problem | None:
    """Return a problem in JSON. The route reports other errors with the field.

    NUL and half a surrogate pair are legal JSON but cannot be stored. Two parsers would read a duplicate key
    differently.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return Problem(400, "not_text")
    try:
        content = json.loads(body, object_pairs_hook=_once_each, parse_int=_int, parse_float=_float)
        inexact = _path_of(content, _is_inexact) if _MAY_BE_INEXACT.search(body) else None
        where = _path_of(content, _is_unstorable) if _MAY_BE_UNSTORABLE.search(body) else None
    except RecursionError:
        return Problem(422, "too_deep")
    except _KeyTwice:
        return Problem(422, "key_twice")
    except ValueError:
        return None
    if where is not None:
        return _unstorable(where)
    return None if inexact is None else _inexact(inexact)


def _unstorable(where: str) -> Problem:
    if not where or not storable(where):
        return Problem(400, "not_text")
    text = f"項目「{where}」に保存できない文字（NULや半端なサロゲート）が含まれています。取り除いて送信してください。"
    return Problem(400, "not_text", text, where, ({"field": where, "message": text},))


def _inexact(where: str) -> Problem:
    text = f"項目「{where}」の数値の桁数が多すぎます。桁数を減らして送信してください。"
    return Problem(422, "number_inexact", text, where or None, ({"field": where, "message": text},))


class _Inexact:
    """A number that Python cannot read exactly: it has too many digits, or it would become another integer."""


def _int(digits: str) -> int | _Inexact:
    return int(digits) if len(digits) <= _DIGITS_MAX else _Inexact()


def _float(text: str) -> float | _Inexact:
    number = float(text)
    # Our bounds are smaller, and comparing a larger number takes long.
    if not number.is_integer() or abs(number) > _EXACT_MAX:
        return number
    try:
        return number if Decimal(text) == int(number) else _Inexact()
    except InvalidOperation:
        return _Inexact()


def _is_inexact(value: Any) -> bool:
    return isinstance(value, _Inexact)


def _is_unstorable(value: Any) -> bool:
    return isinstance(value, str) and not storable(value)


def _path_of(content: Any, is_bad: Callable[[Any], bool], where: str = "") -> str | None:
    """Return the dotted path of the first bad value, in the form of the other errors.

    For a bad key return the path of its object.
    """
    if is_bad(content):
        return where
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    for key, value in items:
        if is_bad(key):
            return where
        found = _path_of(value, is_bad, f"{where}.{key}" if where else str(key))
        if found is not None:
            return found
    return None


class _KeyTwice(Exception):
    """An object of the body names a key twice."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise _KeyTwice
    return content


async def read_all(receive: Receive, limit: int) -> bytes | None:
    """Return the whole body, or None if it exceeds `limit` bytes."""
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


class Upload:
    """The receive channel of an upload, which passes the body on piece by piece.

    It answers 413 if the body exceeds `limit` bytes. It answers 408 if the body takes longer than `seconds_max`, from
    the first requested piece to the last.
    """

    def __init__(self, receive: Receive, limit: int, *, seconds_max: float) -> None:
        self._receive = receive
        self._limit = limit
        self._seconds_max = seconds_max
        self._seen = 0
        self._deadline: float | None = None
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        self._deadline = self._deadline or asyncio.get_running_loop().time() + self._seconds_max
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408) from error
        self._complete = not message.get("more_body", False)
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise HTTPException(413)
        return message

    async def drain(self) -> None:
        """Read and discard the rest of the body, within the same limits.

        A browser that gets an answer while it still sends reports a broken connection. The user would not see the
        answer, such as a redirect to the login or a message about the file.
        """
        try:
            while not self._complete:
                await self()
        except HTTPException:
            self._complete = True
