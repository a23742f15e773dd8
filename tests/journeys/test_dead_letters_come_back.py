"""A message that cannot be handled rests among the dead letters with its reason, and comes back when all is mended."""

import asyncpg
import pytest

from harness.eventually import eventually
from proof.load import Load
from proof.observers import Outside
from tests.journeys.stack import Stack

QUEUE = "payments.start_payment"
BREAK = """
    CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
    CREATE TRIGGER broken BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION broken()
"""
MEND = "DROP TRIGGER broken ON payments; DROP FUNCTION broken()"


async def change(stack: Stack, statements: str) -> None:
    """Change the database of payments behind its back."""
    connection = await asyncpg.connect(stack.superuser_url("payments"))
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


@pytest.mark.feature("OPS-05")
async def test_a_dead_letter_has_its_reason_and_works_once_replayed(
    stack: Stack, outside: Outside, load: Load
) -> None:
    await load.log_in_at_desk()
    await change(stack, BREAK)
    try:
        order = await load.buys("bank_transfer")

        async def buried() -> None:
            [letter] = await outside.broker.dead_letters(f"{QUEUE}.dead")
            assert (letter.headers["reason"], letter.headers["attempts"]) == ("failed", 3)
            assert letter.headers["handler"] == QUEUE
            assert letter.headers["error"]

        await eventually(buried, seconds=90, every=0.5)
    finally:
        await change(stack, MEND)

    assert stack.native.run_tool(["tools.replay", QUEUE]) == 0

    async def paid_for() -> None:
        await load.stands(order, payment="number_issued")

    # What could not happen before the payment had begun is tried again after half a minute.
    await eventually(paid_for, seconds=120, every=0.5)
    assert await outside.broker.dead_letters(f"{QUEUE}.dead") == []
    begun = await outside.rows("payments", "SELECT 1 FROM payments WHERE order_code = $1", order.code)
    assert len(begun) == 1
