"""Redelivered messages: a process died while it handled them, and one of them may be the reason.

A worker takes them in another order after each death (:mod:`shared.messaging.worker`). Harmless messages are soon done.
The message that kills the process remains, with its count of deliveries.
"""

from zlib import crc32

from aiormq.abc import DeliveredMessage


def times_in_hand(delivery: DeliveredMessage) -> int:
    """Return how often a process or connection ended while it held this redelivered message."""
    headers = delivery.header.properties.headers or {}
    counts = [headers.get(name) for name in ("x-delivery-count", "x-acquired-count")]
    return max([1, *(count for count in counts if isinstance(count, int))])


def order_of_this_life(delivery: DeliveredMessage) -> tuple[int, int]:
    """Return the sort key of a redelivered message: fewest deaths first; among equals, another order after each death.

    After the first death, which is mostly a restart, messages keep the order in which they came.
    """
    times = times_in_hand(delivery)
    lot = crc32(f"{times} {delivery.header.properties.message_id}".encode()) if times > 1 else 0
    return times, lot
