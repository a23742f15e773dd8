"""Whatever another service may say about an order ends on its timeline in words."""

from typing import get_args

import pytest

from checkout import news_words as news
from checkout.consumers import consumers
from shared.events import (
    CATALOGUE,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
)
from shared.events._event import Event
from shared.events.notifications import SUPPRESSION_REASONS


@pytest.mark.parametrize(
    ("event", "field", "words"),
    [
        (PaymentFailed, "reason", news.FAILED),
        (PaymentCaptured, "source", news.SOURCE),
        (PaymentRefunded, "route", news.ROUTE),
    ],
)
def test_every_value_of_the_contract_has_a_sentence(
    event: type[Event], field: str, words: dict[str, str]
) -> None:
    assert set(get_args(event.model_fields[field].annotation)) == set(words)


def test_every_reason_for_not_sending_a_mail_has_a_sentence() -> None:
    assert set(news.SUPPRESSED) == set(SUPPRESSION_REASONS)


def test_every_event_of_others_that_names_an_order_is_heard() -> None:
    heard = {event for consumer in consumers.all for event in consumer.events}
    about_orders = {
        event
        for event in CATALOGUE.values()
        if event.producer not in ("", "checkout") and "order_code" in event.model_fields
    }
    assert about_orders <= heard
