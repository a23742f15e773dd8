"""Poison messages: a message that kills its process is redelivered and kills the next one.

A process died while it held the redelivered messages, and one of them may be the reason. After each death a worker
handles them in another order (:mod:`shared.messaging.worker`). The harmless messages are soon handled. The poison
message remains, with its count of deliveries.
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
