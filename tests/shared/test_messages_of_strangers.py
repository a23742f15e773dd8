"""What others wrote into a queue: refused as a whole, and never in the way of what comes after it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.encode import field_table

from shared.errors import Undecodable, UnknownVersion, WrongExchange
from shared.events import CATALOGUE, PointsReturned, PointsUsed
from shared.ids import new_id
from shared.messaging.heard import Heard, decode_event
from shared.messaging.retries import _told as told

HEADERS = {"occurred_at": datetime(2026, 11, 22, tzinfo=UTC).isoformat()}
BODY = b'{"member_id":"01a20509-55d9-7283-a984-cbfe7cdac239","points":1,"order_code":"N-1"}'


def delivery(
    headers: dict[str, Any], body: bytes = BODY, kind: str = PointsUsed.type, exchange: str = "members.events"
) -> DeliveredMessage:
    """Return what the broker hands over."""
    properties = Basic.Properties(message_id=str(new_id()), message_type=kind, headers=headers)
    header = SimpleNamespace(properties=properties)
    return cast(DeliveredMessage, SimpleNamespace(body=body, header=header, exchange=exchange))


def test_a_key_that_is_given_twice_is_refused() -> None:
    twice = BODY[:-1] + b',"points":1000}'

    with pytest.raises(Undecodable):
        decode_event(twice, type_=PointsUsed.type, event_id=str(new_id()), headers=HEADERS)


def test_white_space_and_unknown_fields_are_no_reason_to_refuse() -> None:
    spaced = BODY.replace(b",", b" , ")[:-1] + b', "later": {"a": 1}}'

    event = decode_event(spaced, type_=PointsUsed.type, event_id=str(new_id()), headers=HEADERS)

    assert isinstance(event, PointsUsed)


@pytest.mark.parametrize("kind", ["points_used.v99", "gift_wrapped.v1"])
def test_an_event_of_another_release_is_told_from_garbage(kind: str) -> None:
    with pytest.raises(UnknownVersion):
        Heard.decode(delivery(HEADERS, kind=kind), (PointsUsed,))


@pytest.mark.parametrize(
    "kind", ["", "points_used", "points_used.v0", "points_used.v1\n", "Points.v1", "../.v1"]
)
def test_what_is_named_like_no_event_is_garbage(kind: str) -> None:
    with pytest.raises(Undecodable) as refused:
        Heard.decode(delivery(HEADERS, kind=kind), (PointsUsed,))

    assert not isinstance(refused.value, UnknownVersion)


def test_an_event_that_is_not_heard_here_is_refused() -> None:
    assert CATALOGUE[PointsUsed.type] is PointsUsed
    with pytest.raises(Undecodable, match="not heard here"):
        Heard.decode(delivery(HEADERS), (PointsReturned,))


def test_an_event_is_believed_only_from_its_own_exchange() -> None:
    with pytest.raises(WrongExchange, match=r"came by notifications\.events"):
        Heard.decode(delivery(HEADERS, exchange="notifications.events"), (PointsUsed,))
    for ours in ("members.events", "checkout.again", ""):
        assert Heard.decode(delivery(HEADERS, exchange=ours), (PointsUsed,)).event.type == PointsUsed.type


@pytest.mark.parametrize("claimed", [-(2**40), -1, 2**62, "many", None])
def test_attempts_that_nobody_counted_count_as_none(claimed: Any) -> None:
    heard = Heard.decode(delivery(HEADERS | {"attempts": claimed}), (PointsUsed,))

    assert heard.attempts == 0


def test_headers_that_are_no_text_reach_the_dead_letters() -> None:
    # This is how text that is no UTF-8 arrives.
    strange = HEADERS | {"note": b"\xff\xfe", "list": [b"\xff"], "kept": 17, "x-death": []}

    headers = told(delivery(strange), attempts=1)

    assert field_table(headers)
    assert headers["kept"] == 17
    assert "x-death" not in headers
