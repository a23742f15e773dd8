"""Mails: each one that an event calls for was accepted by the mail server, with one Message-ID."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from proof.observers import Outside
from proof.promises import Check, promise

RESENT_WITHIN = timedelta(minutes=5)
ANY_DELIVERY = "order_placed.v1"
DECIDED = ("payment_authorized.v1", "payment_failed.v1", "order_cancelled.v1")


@promise("N1", "Each mail was accepted at least once, always with one Message-ID, twice only around a crash")
async def mails_arrive(outside: Outside, check: Check) -> None:
    copies = await outside.mails.copies()
    times = Counter(copy.message_id for copy in copies)
    recipients = {copy.message_id: copy.recipients for copy in copies}
    unclear: dict[Any, int] = defaultdict(int)
    for row in await outside.rows("notifications", "SELECT mail_id, outcome FROM mail_attempts"):
        unclear[row["mail_id"]] += row["outcome"] in (None, "Unknown")
    known: set[str] = set()
    for mail in await outside.rows("notifications", "SELECT * FROM mails"):
        message_id, where = mail["message_id"], f"mail {mail['mail']} {mail['message_id']}"
        known.add(message_id)
        count = times[message_id]
        if mail["state"] == "sent":
            check.that(count >= 1, where, "noted as sent, and the mail server has none")
        if mail["state"] in ("queued", "sending"):
            late = mail["due_at"] is None or mail["due_at"] < outside.now() - RESENT_WITHIN
            check.that(not late, where, f"{mail['state']} since {mail['created_at']}, due {mail['due_at']}")
        if mail["state"] == "suppressed":
            check.that(count <= unclear[mail["mail_id"]], where, "suppressed, and sent all the same")
        allowed = 1 + unclear[mail["mail_id"]]
        check.that(count <= allowed, where, f"{count} copies, {allowed - 1} crashes or lost answers")
        if count:
            to = recipients[message_id]
            check.that(to == (mail["recipient"].lower(),), where, f"went to {to}")
    for message_id in times:
        check.that(message_id in known, f"mail {message_id}", "was sent, and nobody wrote it down")


@promise("N1", "")
async def buyers_are_thanked(outside: Outside, check: Check) -> None:
    """For each order there is a mail at its buyer's address that names it, unless it was held back.

    Where credit is granted at order time the mail waits for the yes or the no.
    """
    held_back = {
        row["order_code"]
        for row in await outside.rows(
            "notifications",
            "SELECT m.order_code FROM mails m WHERE m.mail LIKE 'order_placed%' AND m.state <> 'sent'",
        )
    }
    to: dict[str, list[str]] = defaultdict(list)
    for copy in await outside.mails.copies():
        for recipient in copy.recipients:
            to[recipient].append(f"{copy.subject}\n{copy.text}")
    decided = {event.body["order_code"] for kind in DECIDED for event in await outside.said(kind)}
    for event in await outside.said(ANY_DELIVERY):
        code = event.body["order_code"]
        if event.body.get("payment_flow") == "authorized" and code not in decided:
            continue
        address = str(event.body["orderer"]["email"]).lower()
        named = any(code in text for text in to[address])
        check.that(named or code in held_back, f"order {code}", "its buyer got no mail")


@promise("N2", "No mail was accepted before what it states was committed")
async def mails_tell_the_past(outside: Outside, check: Check) -> None:
    committed = {event.event_id: event for event in await outside.said()}
    events = {
        row["message_id"]: str(row["event_id"])
        for row in await outside.rows(
            "notifications", "SELECT message_id, event_id FROM mails WHERE event_id IS NOT NULL"
        )
    }
    for copy in await outside.mails.copies():
        event_id = events.get(copy.message_id)
        known = event_id is None or event_id in committed
        check.that(known, f"mail {copy.message_id}", f"tells {event_id}, which nobody said")
