"""Retries and dead letters: a failed message is retried after growing pauses, a limited number of times.
Then it is a dead letter, with attempts, errors and times in its headers."""

from datetime import UTC, datetime
from typing import Any

import structlog
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.encode import encode_table_value

from shared import metrics
from shared.errors import TryAgain
from shared.messaging.amqp import BrokerUnavailable, Outgoing, Publisher
from shared.messaging.consumers import Consumer
from shared.messaging.dead_letter_headers import without_deaths
from shared.messaging.heard import Heard
from shared.messaging.topology import RETRY_STEPS_SECONDS, dead_exchange, retry_exchange

log = structlog.get_logger()

# An event that arrives too early is retried for some hours. After another error, a message is tried three times.
TRY_AGAIN_ATTEMPTS_MAX = 12
FAILED_ATTEMPTS_MAX = 3


async def put_off(publisher: Publisher, consumer: Consumer, heard: Heard, error: Exception) -> None:
    """Retry the message after a pause that grows with its attempts. After the last attempt, make it a dead letter.

    Returns after the broker has confirmed the copy, so the original may be acknowledged. Raises BrokerUnavailable
    otherwise.
    """
    attempts = heard.attempts + 1
    waits = isinstance(error, TryAgain)
    if attempts >= (TRY_AGAIN_ATTEMPTS_MAX if waits else FAILED_ATTEMPTS_MAX):
        reason = "still_too_early" if waits else "failed"
        await bury(publisher, consumer, heard.delivery, reason=reason, error=error, attempts=attempts)
        return
    seconds = RETRY_STEPS_SECONDS[min(attempts, len(RETRY_STEPS_SECONDS)) - 1]
    headers = _told(heard.delivery, attempts=attempts)
    await _publish(
        publisher, retry_exchange(consumer.service, seconds), consumer.queue, heard.delivery, headers
    )
    log.info(
        "message.put_off",
        queue=consumer.queue,
        event_id=str(heard.event.event_id),
        type=heard.event.type,
        seconds=seconds,
        attempts=attempts,
        error=type(error).__name__,
    )


async def bury(
    publisher: Publisher,
    consumer: Consumer,
    delivery: DeliveredMessage,
    *,
    reason: str,
    error: Exception,
    attempts: int = 1,
) -> None:
    """Move the message to the dead letters of its queue, with reason, attempts and times."""
    headers = _told(delivery, attempts=attempts) | {
        "reason": reason,
        "error": type(error).__name__,
        # The text of our own errors names conditions; the text of other errors may hold personal data.
        "error_detail": str(error)[:500] if type(error).__module__.startswith("shared.") else "",
        "handler": consumer.queue,
    }
    await _publish(publisher, dead_exchange(consumer.service), consumer.queue, delivery, headers)
    metrics.MESSAGES.labels(consumer.queue, "dead").inc()
    log.error("message.dead", queue=consumer.queue, reason=reason, error=headers["error"], attempts=attempts)


def _told(delivery: DeliveredMessage, *, attempts: int) -> dict[str, Any]:
    headers = without_deaths(delivery.header.properties.headers or {})
    headers = {key: _sendable(value) for key, value in headers.items()}
    # The broker runs on real time, not on the shop's clock.
    at = datetime.now(UTC).isoformat()
    return headers | {
        "attempts": attempts,
        "first_failed_at": headers.get("first_failed_at", at),
        "last_failed_at": at,
    }


def _sendable(value: Any) -> Any:
    """Return the value of a header. Return its representation if it cannot be sent.

    Some values can be read but not written: text that is not UTF-8 arrives as bytes, which a header cannot contain.
    """
    try:
        encode_table_value(value)
    except (TypeError, ValueError):
        return repr(value)[:500]
    return value


async def _publish(
    publisher: Publisher, exchange: str, queue: str, delivery: DeliveredMessage, headers: dict[str, Any]
) -> None:
    old = delivery.header.properties
    properties = Basic.Properties(
        content_type=old.content_type,
        content_encoding=old.content_encoding,
        delivery_mode=2,
        message_id=old.message_id,
        message_type=old.message_type,
        app_id=old.app_id,
        correlation_id=old.correlation_id,
        timestamp=old.timestamp,
        headers=headers,
    )
    [routed] = await publisher.publish([Outgoing(exchange, queue, delivery.body, properties)])
    if not routed:
        raise BrokerUnavailable(f"nothing is bound to {exchange}")
