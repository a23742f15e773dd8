"""Messages that no consumer can take: valid events made from their schemas, then broken, each in its own way."""

import json
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from shared.events import CATALOGUE

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "schemas"
DEPTH, BIG_BYTES = 10_000, 20_000_000
MARK = "fuzz"
AT = "2026-11-22T09:00:00+00:00"


@dataclass(frozen=True)
class Message:
    """A message as it is published; ``mark`` in its headers finds it again."""

    how: str
    body: bytes
    type: str
    message_id: str = field(default_factory=lambda: str(uuid4()))
    headers: Mapping[str, Any] = field(default_factory=lambda: {"occurred_at": AT})
    content_type: str = "application/json"
    content_encoding: str = "utf-8"


class Unreadable(str):
    """Text that goes over the wire as bytes that are no text."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe" + super().encode(encoding, errors)


Broken = Callable[[str, dict[str, Any], random.Random], Message]


def valid_bodies(type_: str, count: int, from_seed: int) -> list[dict[str, Any]]:
    """Return bodies that the schema of an event allows."""
    found: list[dict[str, Any]] = []

    @seed(from_seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_operation(type_).as_strategy(generation_mode=GenerationMode.POSITIVE))
    def collect(case: schemathesis.Case[Any]) -> None:
        found.append(cast(dict[str, Any], case.body))

    collect()
    return found


def _operation(type_: str) -> schemathesis.APIOperation[Any, Any, Any, Any]:
    """Return the event as the body of a request, which is what Schemathesis knows to make."""
    schema = json.loads((SCHEMAS / f"{type_}.json").read_text(encoding="utf-8"))
    del schema["$id"]
    definitions = schema.pop("$defs", {})
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": type_, "version": "1"},
        "$defs": definitions,
        "paths": {"/": {"post": {"requestBody": body, "responses": {"default": {"description": ""}}}}},
    }
    return schemathesis.openapi.from_dict(document)["/"]["POST"]


def broken(type_: str, body: dict[str, Any], fate: random.Random) -> list[Message]:
    """Return one message for each way of breaking an event."""
    return [breaks(type_, dict(body), fate) for breaks in WAYS]


def _text(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _required(type_: str) -> list[str]:
    return list(json.loads((SCHEMAS / f"{type_}.json").read_text(encoding="utf-8"))["required"])


def no_json(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """Bytes that are no JSON."""
    return Message("no_json", fate.randbytes(60), type_)


def cut_off(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """A body that ends early."""
    whole = _text(body)
    return Message("cut_off", whole[: fate.randrange(0, len(whole))], type_)


def not_a_number(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """NaN or Infinity, which are no JSON (RFC 8259, 6)."""
    return Message("nan", _text(body | {"amount": float(fate.choice(("nan", "inf", "-inf")))}), type_)


def no_object(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """JSON, but no object."""
    return Message("no_object", fate.choice((b"[]", b'"text"', b"null", b"1", b"[{}]", b"")), type_)


def too_deep(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """An object in an object, ten thousand times."""
    inner = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH
    return Message("too_deep", b'{"order_code":' + inner + b"}", type_)


def shift_jis(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """Japanese in the charset of old shops."""
    text = json.dumps(body | {"note": "暖簾の注文"}, ensure_ascii=False)
    return Message("shift_jis", text.encode("cp932", "replace"), type_, content_encoding="shift_jis")


def utf_16(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """The right text in the wrong charset."""
    return Message("utf_16", json.dumps(body).encode("utf-16"), type_, content_encoding="utf-16")


def half_a_pair(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """Half a surrogate pair: legal to write, no text."""
    return Message("half_a_pair", _text(body)[:-1] + b',"note":"\\ud800"}', type_)


def key_twice(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """A key given twice, with two meanings."""
    key = json.dumps(_required(type_)[0]).encode()
    return Message("key_twice", b"{" + key + b":null," + _text(body)[1:], type_)


def missing_field(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """Without a field that is required."""
    body.pop(fate.choice(_required(type_)))
    return Message("missing_field", _text(body), type_)


def wrong_type(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """A field of a type that it cannot have."""
    # A list of lists is what no field of any event is; "5" for 5 would be read, as tolerant readers do.
    body[fate.choice(_required(type_))] = [[fate.random()]]
    return Message("wrong_type", _text(body), type_)


def unknown_type(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """A type of event that nobody knows."""
    return Message(
        "unknown_type", _text(body), fate.choice(("", "nothing", "order_placed", "__class__", "x" * 200))
    )


def newer_version(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """A version of the event that this code does not know yet."""
    return Message("newer_version", _text(body), type_.rpartition(".")[0] + ".v99")


def wrong_message_id(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """An event whose id is none."""
    return Message(
        "wrong_message_id",
        _text(body),
        type_,
        message_id=fate.choice((" ", "1", "x" * 200, "椿", str(uuid4())[:-1])),
    )


def no_time(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """An event that does not say when it happened."""
    return Message("no_time", _text(body), type_, headers={})


def wrong_headers(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """Headers of wrong types, unreadable or with counts that nobody counted."""
    strange: list[dict[str, Any]] = [
        {"occurred_at": "yesterday"},
        {"occurred_at": {"nested": [1, True, None, {"deep": 1.5}]}},
        {"occurred_at": Unreadable("no time"), "attempts": -(2**40), "first_failed_at": 5},
        {"occurred_at": AT, "causation_id": "no id", "attempts": "many", "traceparent": 17},
        {"occurred_at": None, "attempts": 2**62, "last_failed_at": [1]},
    ]
    return Message(
        "wrong_headers", _text(body), type_, headers=fate.choice(strange), content_type="image/png"
    )


def too_big(type_: str, body: dict[str, Any], fate: random.Random) -> Message:
    """20 MB, far above what any event may be; made for the few queues that are asked for it."""
    return Message("too_big", b'{"order_code":"' + b"x" * BIG_BYTES, type_)


def not_heard_here(heard: Collection[str], fate: random.Random) -> Message:
    """An event as it should be, in the queue of one that hears only the types in ``heard``."""
    other = fate.choice(sorted(set(CATALOGUE) - set(heard)))
    return Message("not_heard_here", _text(valid_bodies(other, 1, 1)[0]), other)


WAYS: tuple[Broken, ...] = (
    *(no_json, cut_off, not_a_number, no_object, too_deep, shift_jis, utf_16, half_a_pair, key_twice),
    *(missing_field, wrong_type, unknown_type, newer_version),
    *(wrong_message_id, no_time, wrong_headers),
)
