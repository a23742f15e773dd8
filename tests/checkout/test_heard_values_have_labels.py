"""Whatever another service may say about an order ends on its timeline in words."""

from typing import Any

import pytest

from checkout.consumers import consumers
from checkout.orders.heard import labels
from checkout.orders.heard.entries import entry_of
from notifications.previews.examples import example_of
from shared.events import (
    CATALOGUE,
    AuthorizationEnded,
    BenefitShortageFound,
    DeskEvent,
    Event,
    MailSuppressed,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PointsGranted,
    RefundTakenBack,
)
from shared.shop.labels import Labels

WORDS: list[tuple[type[Event], str, Labels[Any]]] = [
    (PaymentFailed, "reason", labels.FAILED),
    (PaymentCaptured, "source", labels.SOURCE),
    (PaymentRefunded, "route", labels.ROUTE),
    (RefundTakenBack, "route", labels.ROUTE),
    (AuthorizationEnded, "reason", labels.ENDED),
    (BenefitShortageFound, "benefit", labels.BENEFIT),
    (PointsGranted, "state", labels.GRANTED),
    (MailSuppressed, "reason", labels.SUPPRESSED),
]


@pytest.mark.parametrize(("event", "field", "words"), WORDS)
def test_every_value_of_the_contract_has_a_sentence(
    event: type[Event], field: str, words: Labels[Any]
) -> None:
    assert set(event.known_values[field]) == set(words)


@pytest.mark.parametrize(("event", "field", "words"), WORDS)
def test_a_value_of_a_newer_release_stands_on_the_timeline(
    event: type[Event], field: str, words: Labels[Any]
) -> None:
    told = example_of(event).model_copy(update={field: "quantum"})

    entry = entry_of(told, "N-1")

    assert "その他（コード：quantum）" in f"{entry.title}{entry.text}"


def test_every_event_of_others_that_names_an_order_is_heard() -> None:
    heard = {event for consumer in consumers.all for event in consumer.events}
    about_orders = {
        event
        for event in CATALOGUE.values()
        if event.producer not in ("", "checkout")
        and "order_code" in event.model_fields
        # What staff did at a desk is a deed, which members writes down; a deed about money is told by what comes of it.
        and not issubclass(event, DeskEvent)
    }
    assert about_orders
    assert about_orders - heard == set()
