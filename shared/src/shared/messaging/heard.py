"""Decodes a delivery: its bytes and envelope become an event, or an error that says why they are not."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson
from aiormq.abc import DeliveredMessage
from pydantic import ValidationError

from shared.cause import read_traceparent
from shared.errors import Undecodable, UnknownVersion, WrongExchange
from shared.events import CATALOGUE, Event
from shared.messaging.amqp import events_exchange
from shared.messaging.dead_letter_headers import Death, death_in

# Far above our own limits. Noren did not write a larger count.
ATTEMPTS_SANE_MAX = 1000
EVENT_TYPE = re.compile(r"[a-z]+(_[a-z]+)*\.v[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Heard:
    """A decoded delivery."""

    event: Event
    headers: Mapping[str, Any]
    delivery: DeliveredMessage

    @property
    def tag(self) -> int:
        """Return the delivery tag for the acknowledgement."""
        return self.delivery.delivery_tag or 0

    @property
    def death(self) -> Death | None:
        """Return the death from which this message was replayed. Return None if it was never a dead letter."""
        return death_in(self.headers)

    @property
    def attempts(self) -> int:
        """Return how often handling this message has failed. Return 0 if the header is not a valid count.

        A replayed dead letter counts from 0 again.
        """
        count = 0 if self.death else self.headers.get("attempts", 0)
        return count if isinstance(count, int) and 0 <= count < ATTEMPTS_SANE_MAX else 0

    @classmethod
    def decode(cls, delivery: DeliveredMessage, kinds: Collection[type[Event]]) -> Self:
        """Decode ``delivery``. Raises Undecodable if it is not an event of this consumer's ``kinds``.

        Raises WrongExchange if it arrived through the exchange of a service that may not publish it.
        """
        properties = delivery.header.properties
        headers = properties.headers or {}
        event = decode_event(
            delivery.body, type_=properties.message_type, event_id=properties.message_id, headers=headers
        )
        if type(event) not in kinds:
            raise Undecodable(f"{event.type} is not heard here")
        exchange = delivery.exchange or ""
        if exchange.endswith(".events") and exchange != events_exchange(event.producer):
            raise WrongExchange(f"{event.type} came by {exchange}")
        return cls(event, headers, delivery)


def decode_event(
    body: bytes, *, type_: str | None, event_id: str | None, headers: Mapping[str, Any]
) -> Event:
    """Return the event in ``body`` and its envelope. Raises Undecodable if they are not an event.

    Its subclass UnknownVersion means that a later release may understand the message.
    """
    kind = CATALOGUE.get(type_ or "")
    if kind is None:
        another = EVENT_TYPE.fullmatch(type_ or "")
        raise (UnknownVersion if another else Undecodable)(f"unknown type {type_!r}")
    try:
        data = orjson.loads(body)
        if not isinstance(data, dict):
            raise Undecodable(f"{kind.type}: body is not an object")
        # Bodies of Noren are equal byte for byte when encoded again. Other bodies are parsed again, to refuse duplicate
        # keys.
        if orjson.dumps(data) != body:
            json.loads(body, object_pairs_hook=_once_each)
        envelope = {
            "event_id": event_id,
            "occurred_at": headers.get("occurred_at"),
            "caused_by": headers.get("causation_id"),
            "traceparent": read_traceparent(headers.get("traceparent")),
        }
        return kind.model_validate(data | envelope)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"{kind.type}: not JSON") from error
    except ValidationError as error:
        # The message names fields and kinds of errors only: the values may be personal data.
        raise Undecodable(f"{kind.type}: {_places(error)}") from error


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object with a duplicate key: two parsers would read different values."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise Undecodable("a key is given twice")


def _places(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, place['loc']))}: {place['type']}"
        for place in error.errors(include_input=False)[:5]
    )
