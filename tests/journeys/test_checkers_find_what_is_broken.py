"""The checkers themselves are checked: each kind of violation is planted once, and found.

The plants are made in the databases of the running product, after real orders, in a transaction that is
rolled back; only the checker sees them. What providers and the mail server say is changed on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from proof.load import Load
from proof.observers import Ledgers, Mail, MailCatcher, Movement, Outside, Rows, read_json
from proof.promises import check_all, known
from proof.settled import settled
from tests.journeys.stack import Stack

pytestmark = pytest.mark.broker

CARD = "(SELECT code FROM orders WHERE payment = 'captured' AND payment_kind = 'amazon_pay' LIMIT 1)"


@dataclass(frozen=True)
class Plant:
    """Something broken: by a statement in a service's database, or in what a provider or the mail says."""

    promise: str
    finds: str
    service: str = ""
    statement: str = ""


PLANTS = [
    Plant("O1", "not in the database", "checkout", f"DELETE FROM orders WHERE code = {CARD}"),
    Plant("O1", "stored", "checkout", f"UPDATE order_lines SET quantity = 9 WHERE order_code = {CARD}"),
    Plant(
        "O2",
        "shipped, and its payment is captured",
        "checkout",
        f"UPDATE orders SET status = 'in_progress', deposit = 'unpaid' WHERE code = {CARD}",
    ),
    Plant(
        "O2",
        "was missed",
        "payments",
        "UPDATE payments SET due_at = now() - interval '1 hour' WHERE method = 'konbini'",
    ),
    Plant(
        "O3",
        "has 2 keys",
        "checkout",
        f"INSERT INTO placements VALUES ('planted', 'x', {CARD}, 1, NULL, NULL, NULL, NULL, now())",
    ),
    Plant(
        "O4",
        "its versions are",
        "checkout",
        f"DELETE FROM order_history WHERE version = 2 AND order_code = {CARD}",
    ),
    Plant(
        "O4",
        "payment went from captured to authorized",
        "checkout",
        "INSERT INTO order_history SELECT code, version + 1, 'planted', status, deposit, shipping, 'authorized',"
        f" 'x', now(), '' FROM orders WHERE code = {CARD};"
        f"UPDATE orders SET version = version + 1, payment = 'authorized' WHERE code = {CARD}",
    ),
    Plant(
        "O4",
        "went from captured to refunded",
        "payments",
        "INSERT INTO payment_history SELECT payment_id, version + 1, 'refunded', 'planted', now()"
        " FROM payments WHERE state = 'captured';"
        "UPDATE payments SET version = version + 1, state = 'refunded' WHERE state = 'captured'",
    ),
    Plant(
        "O5",
        "its price is",
        "checkout",
        f"UPDATE order_lines SET unit_price = unit_price - 1 WHERE order_code = {CARD}",
    ),
    Plant("M1", "captured 2 times"),
    Plant(
        "M2",
        "and it is unpaid",
        "checkout",
        f"UPDATE orders SET status = 'in_progress', deposit = 'unpaid' WHERE code = {CARD}",
    ),
    Plant(
        "M2",
        "going back",
        "checkout",
        f"UPDATE orders SET status = 'cancelled', cancelled_at = now() WHERE code = {CARD}",
    ),
    Plant(
        "M3",
        "paid, and only 0",
        "checkout",
        "UPDATE orders SET deposit = 'paid' WHERE payment_kind = 'cash_on_delivery'",
    ),
    Plant("M4", "went back"),
    Plant(
        "M5",
        "unknown for",
        "payments",
        "UPDATE payments SET state = 'unknown', changed_at = now() - interval '1 hour'",
    ),
    Plant("M6", "booked", "payments", "UPDATE receipts SET amount = amount + 1"),
    Plant("M6", "came in", "payments", "DELETE FROM receipts WHERE method = 'konbini'"),
    Plant("M7", "debit", "payments", "UPDATE journal_lines SET debit = debit + 1 WHERE debit > 0"),
    Plant("M7", "has 1 lines", "payments", "DELETE FROM journal_lines WHERE credit > 0"),
    Plant("P1", "its entries make", "members", "UPDATE point_balances SET active = active + 1"),
    Plant("P1", "is missing", "members", "UPDATE point_postings SET number = number + 900 WHERE number > 1"),
    Plant("P1", "reservations make", "members", "UPDATE point_balances SET held = 1, active = active + 1"),
    Plant("P2", "were used", "members", "DELETE FROM point_postings WHERE kind = 'used'"),
    Plant(
        "P2",
        "gave its points back",
        "members",
        "UPDATE point_postings SET kind = 'returned' WHERE kind = 'used' AND order_code NOT IN"
        " (SELECT order_code FROM point_postings WHERE kind = 'returned')",
    ),
    Plant("P3", "its entries make", "members", "UPDATE coupons SET uses = uses + 1"),
    Plant("P3", "its limit is", "members", "UPDATE issued_coupons SET uses_max = 0"),
    Plant(
        "P3",
        "was in use -1 times",
        "members",
        "UPDATE coupon_entries SET change = -1 WHERE kind = 'reserved'",
    ),
    Plant("P3", "not [('redeemed'", "members", "DELETE FROM coupon_entries WHERE kind = 'redeemed'"),
    Plant("P4", "its ledger makes", "checkout", "UPDATE stock SET available = available + 1"),
    Plant("P4", "of 1 left", "checkout", f"DELETE FROM stock_entries WHERE reference LIKE {CARD} || '/%'"),
    Plant("E1", "never reached", "members", "DELETE FROM inbox WHERE consumer = 'members.credit_order'"),
    Plant("E1", "not given", "checkout", "UPDATE outbox SET published_at = NULL WHERE seq = 1"),
    Plant("E2", "its outbox says None", "payments", "DELETE FROM outbox WHERE type = 'payment_captured.v1'"),
    Plant(
        "E2",
        "nobody said it",
        "checkout",
        "INSERT INTO inbox SELECT 'checkout.record_deposit', gen_random_uuid(), now()",
    ),
    Plant(
        "E3",
        "stands 2 times",
        "checkout",
        "INSERT INTO timeline (order_code, at, topic, kind, title, by, event_id)"
        " SELECT order_code, at, topic, kind, title, by, event_id FROM timeline"
        " WHERE event_id IS NOT NULL LIMIT 1",
    ),
    Plant(
        "E3",
        "began 0 payments",
        "payments",
        "UPDATE payments SET try_number = 2 WHERE method = 'cash_on_delivery'",
    ),
    Plant("N1", "the mail server has none"),
    Plant("N1", "copies"),
    Plant("N1", "nobody wrote it down", "notifications", "DELETE FROM mails WHERE mail LIKE 'shipped%'"),
    Plant("N2", "which nobody said", "notifications", "UPDATE mails SET event_id = gen_random_uuid()"),
]


@pytest.fixture(scope="module")
async def orders(load: Load, outside: Outside) -> None:
    """One order by each method, with points, so that there is something to break; all of it settled."""
    await load.run(4)
    await settled(outside, seconds_max=120)


def test_a_violation_of_every_promise_is_planted() -> None:
    assert {plant.promise for plant in PLANTS} == set(known())


@pytest.mark.usefixtures("orders")
async def test_nothing_is_found_where_nothing_is_broken(outside: Outside) -> None:
    verdicts = await check_all(outside)

    assert [str(violation) for verdict in verdicts for violation in verdict.violations] == []
    # M5 has nothing to look at where all payments are clear.
    assert {verdict.promise.id for verdict in verdicts if not verdict.looked_at} <= {"M5"}


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.promise}: {plant.finds}")
async def test_what_is_broken_is_found(stack: Stack, outside: Outside, plant: Plant) -> None:
    if plant.service:
        connection = await asyncpg.connect(stack.superuser_url(plant.service))
        await read_json(connection)
        transaction = connection.transaction()
        await transaction.start()
        try:
            await _let_anything_happen(connection)
            await connection.execute(plant.statement)
            seen = _seeing(outside, {plant.service: PlantedRows(connection)})
            [verdict] = await check_all(seen, plant.promise)
        finally:
            await transaction.rollback()
            await connection.close()
    else:
        seen = _seeing(
            outside, {}, ledgers=PlantedLedgers(outside, plant), mails=PlantedMails(outside, plant)
        )
        [verdict] = await check_all(seen, plant.promise)

    assert any(plant.finds in str(violation) for violation in verdict.violations), verdict.violations[:5]


async def _let_anything_happen(connection: asyncpg.Connection) -> None:
    """Our tables forbid most of this by constraints; until the rollback they do not."""
    await connection.execute("SET LOCAL session_replication_role = replica")
    checks = await connection.fetch(
        "SELECT conrelid::regclass::text AS owner, conname FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    )
    for row in checks:
        await connection.execute(f'ALTER TABLE {row["owner"]} DROP CONSTRAINT "{row["conname"]}"')


def _seeing(
    outside: Outside,
    databases: dict[str, Rows],
    *,
    ledgers: Ledgers | None = None,
    mails: MailCatcher | None = None,
) -> Outside:
    return Outside(
        {**outside.databases, **databases},
        outside.broker,
        ledgers or outside.ledgers,
        mails or outside.mails,
        journal_file=outside.journal_file,
    )


class PlantedRows(Rows):
    """A database as one open transaction sees it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__("")
        self._planted = connection

    async def all(self, statement: str, *values: Any) -> list[Any]:
        return list(await self._planted.fetch(statement, *values))


class PlantedLedgers(Ledgers):
    """The providers' ledgers with a line too many."""

    def __init__(self, outside: Outside, plant: Plant) -> None:
        self._true, self._promise = outside.ledgers, plant.promise

    async def movements(self) -> list[Movement]:
        movements: Sequence[Movement] = await self._true.movements()
        captured = next(one for one in movements if one.kind == "captured")
        if self._promise == "M1":
            return [*movements, captured]
        if self._promise == "M4":
            return [*movements, *[replace(captured, kind="refunded")] * 2]
        return list(movements)


class PlantedMails(MailCatcher):
    """The mail server with a copy lost, or one too many."""

    def __init__(self, outside: Outside, plant: Plant) -> None:
        self._true, self._finds = outside.mails, plant.finds

    async def copies(self) -> list[Mail]:
        copies = await self._true.copies()
        if self._finds == "the mail server has none":
            return [one for one in copies if one.message_id != copies[0].message_id]
        if self._finds == "copies":
            return [*copies, *[copies[0]] * 9]
        return copies
