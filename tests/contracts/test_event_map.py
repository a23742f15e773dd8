"""The contract between the services, checked from the code itself."""

import re
import subprocess
import sys

import pytest

from members.deeds.rows import DESK_EVENTS
from shared.events import CATALOGUE, Event
from tools.documents import REPOSITORY, all_consumers, event_schema


def test_every_event_is_heard_by_someone() -> None:
    heard = {kind for consumer in all_consumers() for kind in consumer.events}

    assert set(CATALOGUE.values()) - heard == set()


def test_deeds_of_staff_keep_the_kinds_that_are_stored() -> None:
    kinds = {event.type: event.deed for event in DESK_EVENTS}

    assert kinds.items() >= {
        ("orders_exported.v1", "orders_exported"),
        ("payments_exported.v1", "payments_exported"),
        ("payment_look_up_requested.v1", "payment_looked_up"),
        ("payment_deed_done.v1", "payment_deed_done"),
        ("mails_resent.v1", "mails_resent"),
        ("test_mail_requested.v1", "test_mail_sent"),
        ("mail_address_corrected.v1", "mail_address_corrected"),
        ("shop_settings_changed.v1", "shop_settings_changed"),
        ("payment_settings_changed.v1", "payment_settings_changed"),
        ("mail_settings_changed.v1", "mail_settings_changed"),
    }
    assert len(set(kinds.values())) == len(kinds)


def test_every_service_says_only_its_own_events() -> None:
    foreign = [
        (consumer.queue, kind.__name__)
        for consumer in all_consumers()
        for kind in consumer.says
        if kind.producer != consumer.service
    ]

    assert foreign == []


def test_the_four_contract_events_have_their_producers() -> None:
    producers = {name: CATALOGUE[name].producer for name in ("order_placed.v1", "payment_authorized.v1")}
    producers |= {name: CATALOGUE[name].producer for name in ("shipped.v1", "payment_captured.v1")}

    assert producers == {
        "order_placed.v1": "checkout",
        "payment_authorized.v1": "payments",
        "shipped.v1": "checkout",
        "payment_captured.v1": "payments",
    }


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.type)
def test_an_event_carries_no_secret(kind: type[Event]) -> None:
    schema = event_schema(kind)
    parts = [schema, *schema.get("$defs", {}).values()]
    fields = [name for part in parts for name in part.get("properties", {})]

    assert [name for name in fields if re.search("password|card_number|cvv|secret|token", name)] == []


@pytest.mark.processes
def test_the_committed_documents_are_what_the_code_says() -> None:
    check = [sys.executable, "-m", "tools.documents", "--check"]
    result = subprocess.run(check, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
