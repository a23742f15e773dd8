"""Events: every committed event has its effect once at each consumer, and no other event has one."""

from collections import Counter

from proof.observers import Outside
from proof.promises import Check, promise


@promise("E1", "Nothing is lost: every committed event was heard, or is a dead letter, at each of its queues")
async def every_event_arrives(outside: Outside, check: Check) -> None:
    hearers = await outside.broker.hearers()
    heard = await outside.heard()
    heard |= {(letter.consumer, letter.event_id) for letter in await outside.broker.dead_letters()}
    for event in await outside.said():
        where = f"{event.type} {event.event_id} ({event.correlation})"
        check.that(event.published, where, "committed, and not given to the broker")
        for queue in hearers.get((event.service, event.type), set()):
            check.that((queue, event.event_id) in heard, where, f"never reached {queue}")


@promise("E2", "No ghost: every event that the broker saw or somebody heard was committed")
async def every_event_was_committed(outside: Outside, check: Check) -> None:
    committed = {(event.service, event.event_id): event.type for event in await outside.said()}
    ids = {event_id for _, event_id in committed}
    for event in await outside.broker.tapped():
        said = committed.get((event.service, event.event_id))
        check.that(
            said == event.type,
            f"{event.type} {event.event_id}",
            f"was seen on {event.service}.events, and its outbox says {said}",
        )
    for queue, event_id in await outside.heard():
        check.that(event_id in ids, f"event {event_id}", f"was heard by {queue}, and nobody said it")


@promise("E3", "One effect for each consumer and event, however often it was delivered")
async def every_event_works_once(outside: Outside, check: Check) -> None:
    heard = await outside.heard()
    by_service = {(queue.partition(".")[0], event_id) for queue, event_id in heard}
    timeline = Counter(
        str(row["event_id"])
        for row in await outside.rows("checkout", "SELECT event_id FROM timeline WHERE event_id IS NOT NULL")
    )
    for event_id, times in timeline.items():
        where = f"event {event_id}"
        check.that(times == 1, where, f"stands {times} times on a timeline")
        check.that(("checkout", event_id) in by_service, where, "stands on a timeline, and was never heard")
    mails = Counter(
        (str(row["event_id"]), row["mail"], row["recipient"])
        for row in await outside.rows(
            "notifications", "SELECT event_id, mail, recipient FROM mails WHERE event_id IS NOT NULL"
        )
    )
    for (event_id, mail, _), times in mails.items():
        check.that(times == 1, f"event {event_id}", f"made the mail {mail} {times} times")
        known = ("notifications", event_id) in by_service
        check.that(known, f"event {event_id}", f"made the mail {mail}, and was never heard")
    await _orders_began_once(outside, check)


async def _orders_began_once(outside: Outside, check: Check) -> None:
    """OrderPlaced begins one payment and one entry of members per order; later events repeat no fact."""
    placed = Counter(event.body["order_code"] for event in await outside.said("order_placed.v1"))
    first = Counter(
        row["order_code"]
        for row in await outside.rows("payments", "SELECT order_code FROM payments WHERE try_number = 1")
    )
    known = Counter(
        row["order_code"] for row in await outside.rows("members", "SELECT order_code FROM member_orders")
    )
    for code in placed:
        check.that(first[code] == 1, f"order {code}", f"began {first[code]} payments")
        check.that(known[code] == 1, f"order {code}", f"members knows it {known[code]} times")
    once = ("payment_captured.v1", "payment_number_issued.v1", "order_cancelled.v1", "order_processed.v1")
    said = Counter(
        (event.type, event.body.get("payment_id", event.body.get("order_code")))
        for event in await outside.said(*once)
    )
    for (type_, about), times in said.items():
        check.that(times == 1, f"{about}", f"{type_} was said {times} times")
