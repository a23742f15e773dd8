"""The contract of the last release holds: events may get fields and values, and lose or change none."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from shared.events import CATALOGUE, OrderPlaced
from shared.ids import new_id
from shared.messaging.heard import decode_event
from tools.released import broken, released_schemas, schemas_now

OLDEST = {file.stem: file for file in sorted((Path(__file__).parent / "golden").glob("*.json"))}
"""The body of each event as its first release said it."""


def test_nothing_of_the_released_contract_is_broken() -> None:
    assert broken(released_schemas(), schemas_now()) == []


def changed(path: str, value: Any) -> dict[str, Any]:
    """The schemas of today, at ``path`` in that of Shipped with another value; None takes it away."""
    schemas: dict[str, Any] = deepcopy(schemas_now())
    *folders, name = path.split("/")
    place = schemas["shipped.v1"]
    for folder in folders:
        place = place[folder]
    if value is None:
        del place[name]
    else:
        place[name] = value
    return schemas


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("properties/by", None, "shipped.v1.by: no longer there"),
        ("properties/by/type", "integer", "shipped.v1.by: type is another"),
        ("properties/by/maxLength", 10, "shipped.v1.by: maxLength is another"),
        ("properties/send_mail/default", True, "shipped.v1.send_mail: default is another"),
        ("properties/source/x-known-values", ["software"], "no longer known: admin_bulk, admin_single"),
        ("properties/source/enum", ["software"], "shipped.v1.source: closed"),
        ("properties/destinations/items", None, "shipped.v1.destinations[]: no longer there"),
        ("$defs/ShippedDestination/properties/carrier", None, "shipped.v1.destinations[].carrier"),
        ("$defs/ShippedDestination/properties/carrier/anyOf", [{"type": "string"}], "no longer there"),
        ("required", ["order_code", "send_mail"], "shipped.v1.send_mail: required now"),
        ("required", ["order_code"], "shipped.v1.by: no longer always said"),
    ],
)
def test_each_way_to_break_the_contract_is_found(path: str, value: Any, line: str) -> None:
    assert any(line in found for found in broken(schemas_now(), changed(path, value)))


def test_an_event_that_nobody_says_any_more_is_found() -> None:
    now = {type_: schema for type_, schema in schemas_now().items() if type_ != "shipped.v1"}

    assert broken(schemas_now(), now) == ["shipped.v1: no longer there"]


def test_a_new_optional_field_and_a_new_value_break_nothing() -> None:
    schemas = changed("properties/gift_note", {"type": "string", "default": ""})
    schemas["shipped.v1"]["properties"]["source"]["x-known-values"].append("robot")

    assert broken(schemas_now(), schemas) == []


def test_every_event_has_its_oldest_form() -> None:
    assert set(OLDEST) == set(CATALOGUE)


@pytest.mark.parametrize("type_", OLDEST)
def test_the_oldest_form_of_an_event_is_still_read(type_: str) -> None:
    read = _read(type_)

    assert _missing(json.loads(OLDEST[type_].read_text("utf-8")), read.model_dump(mode="json")) == []


def test_an_amazon_buyer_by_the_old_name_is_read() -> None:
    order = _read("order_placed.v1")

    assert isinstance(order, OrderPlaced)
    assert order.registration is not None
    for one in (order, order.registration):
        assert (one.wallet_kind, one.wallet_buyer_id) == ("amazon_pay", "amzn1.account.OLDEST")
        assert "amazon_buyer_id" not in one.model_dump()


def _read(type_: str) -> Any:
    headers = {"occurred_at": "2026-11-22T14:05:00+09:00"}
    return decode_event(OLDEST[type_].read_bytes(), type_=type_, event_id=str(new_id()), headers=headers)


def _missing(told: Any, read: Any, where: str = "") -> list[str]:
    """Where what was ``told`` is not what was ``read``."""
    if isinstance(told, dict) and isinstance(read, dict):
        fields = [name for name in told if name != "amazon_buyer_id"]
        return [place for name in fields for place in _missing(told[name], read.get(name), f"{where}.{name}")]
    if isinstance(told, list) and isinstance(read, list) and len(told) == len(read):
        pairs = enumerate(zip(told, read, strict=True))
        return [
            place for number, (one, other) in pairs for place in _missing(one, other, f"{where}[{number}]")
        ]
    return [] if told == read else [where]
