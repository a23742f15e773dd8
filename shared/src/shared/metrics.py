"""Metrics for Prometheus at ``/metrics``. The unit is the last part of a name."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("noren_messages_total", "Messages handled", ["consumer", "outcome"])
BATCH_SIZE = Histogram(
    "noren_batch_messages", "Messages per transaction", ["consumer"], buckets=(1, 2, 5, 10, 20, 50, 100, 200)
)
BATCH_SECONDS = Histogram(
    "noren_batch_seconds", "Time from taking a batch to its acknowledgement", ["consumer"]
)
PUBLISHED = Counter("noren_published_total", "Events confirmed by the broker", ["type"])
PUBLISH_DELAY_SECONDS = Histogram(
    "noren_publish_delay_seconds",
    "Time of each event from the commit that said it to the broker's confirm",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)
UNROUTABLE = Counter("noren_unroutable_total", "Events that the broker returned: no queue is bound", ["type"])
OUTBOX_OLDEST_SECONDS = Gauge("noren_outbox_oldest_unsent_seconds", "Age of the oldest unsent event")
OPERATIONS_ITEMS = Gauge(
    "noren_operations_items", "What waits for somebody, as the page of operations counts it", ["figure"]
)
DUE_WORK = Counter("noren_due_work_total", "Due work performed", ["work", "outcome"])
