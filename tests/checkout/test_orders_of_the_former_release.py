"""Orders that the former release placed, before the upgrade and while it runs, carry their terms and payments."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import MetaData

from checkout.orders.told.benefits import read_benefits, read_memberships
from checkout.orders.told.payment import Authorization, PaymentTold, Refund, read_told
from checkout.tables import metadata
from harness.postgres import TestPostgres
from shared.database.migrations import alembic_config
from shared.database.transactions import Database
from tests.checkout.payment_terms import TERMS, Group

BEFORE = "c8d41f0b7e25"
ORDER = """
    INSERT INTO orders (code, order_kind, channel, payment_kind, payment_name, payment_group, payment_choice, items_amount,
        shipping_fee, payment_fee, point_discount, coupon_discount, total, points_used, orderer_name, orderer_kana,
        orderer_email, orderer_phone, orderer_postal_code, orderer_prefecture, orderer_address1, orderer_address2, placed_at,
        page_url)
    VALUES (:code, 'normal', 'own_site', 'some', '方法', :group, '{}', 3500, 0, 0, 0, 0, 3500, 0, '', '', '', '', '', '', '', '',
        now(), '')
"""
FACTS = {
    "number": '{"kind": "number", "number": "1234567", "number_label": "払込票番号", "chain_name": "ローソン",'
    ' "confirmation_number": null, "due_at": "2026-11-28T05:00:00Z", "page_url": "/payments/konbini/N-1",'
    ' "accepted_until": "2026-11-30T05:00:00Z"}',
    "authorization": '{"kind": "authorization", "authorization_id": "S03-1", "amount": 3500, "instrument": "",'
    ' "provider_status": "承認済"}',
    "failure": '{"kind": "failure", "reason": "declined"}',
    "capture": '{"kind": "capture", "amount": 3500, "source": "admin"}',
    "refund": '{"kind": "refund", "amount": 500, "excess": 200, "route": "provider"}',
    "void": '{"kind": "void"}',
}
OF_MEMBERS = {
    "used": ("points", '{"kind": "used", "points": 300}'),
    "granted": ("points", '{"kind": "granted_pending", "points": 30}'),
    "granted_unknown": ("points", '{"kind": "granted_frozen", "points": 30}'),
    "returned": ("points", '{"kind": "returned", "points": 300, "revoked": 0}'),
    "shortage": ("points", '{"kind": "shortage", "benefit": "points", "missing": 10}'),
    "coupon": ("points", '{"kind": "coupon_redeemed", "coupon": "春の500円引き"}'),
    "issued": ("points", '{"kind": "coupon_issued", "coupon": "夏の500円引き"}'),
    "registered": ("member", '{"kind": "registered"}'),
    "refused": ("member", '{"kind": "registration_refused"}'),
}


@pytest.fixture
async def old_db(postgres: TestPostgres) -> AsyncIterator[Database]:
    """A database as the former release leaves it."""
    url = await postgres.create_database("checkout_before", MetaData())
    db = Database(url.render_as_string(hide_password=False), service="checkout")
    await asyncio.to_thread(command.upgrade, alembic_config("checkout", db.url, metadata), BEFORE)
    yield db
    await db.close()
    await postgres.drop_database(url)


async def upgrade(db: Database) -> None:
    """Bring the database up to date, as the owner does before new replicas start."""
    await asyncio.to_thread(command.upgrade, alembic_config("checkout", db.url, metadata), "head")


async def write_as_before(db: Database, prefix: str) -> None:
    """Place an order of each group, and hear events of payments about each, as the former release did."""
    async with db.transaction() as tx:
        for group in TERMS:
            await tx.execute(ORDER, code=f"{prefix}-{group}", group=group)
        for topic, facts in (*(("payment", facts) for facts in FACTS.values()), *OF_MEMBERS.values()):
            await tx.execute(
                "INSERT INTO timeline (order_code, at, topic, kind, title, by, facts)"
                " VALUES (:code, now(), :topic, 'note', '', '', CAST(:facts AS jsonb))",
                code=f"{prefix}-konbini",
                topic=topic,
                facts=facts,
            )


@pytest.mark.parametrize("when", ["before the upgrade", "during the upgrade"])
async def test_what_the_former_release_writes_is_carried_over(old_db: Database, when: str) -> None:
    if when == "before the upgrade":
        await write_as_before(old_db, "N")
    await upgrade(old_db)
    if when == "during the upgrade":
        await write_as_before(old_db, "N")

    async with old_db.transaction() as tx:
        orders = await tx.rows("SELECT code, payment_flow, payment_deposit, paid_before_shipping FROM orders")
        told = await read_told(tx, "N-konbini")
        nothing = await read_told(tx, "N-transfer")
        benefits = await read_benefits(tx, "N-konbini")
        memberships = await read_memberships(tx, "N-konbini")
    assert [(one.kind, one.points, one.coupon) for one in benefits] == [
        ("used", 300, None),
        ("granted_pending", 30, None),
        ("returned", 300, None),
        ("coupon_redeemed", 0, "春の500円引き"),
    ]
    assert memberships == {"registered", "refused"}
    groups: dict[str, Group] = {f"N-{group}": group for group in TERMS}
    assert {row.code: {**dict(row), "code": ""} for row in orders} == {
        code: {**TERMS[group], "code": ""} for code, group in groups.items()
    }
    assert told.number is not None
    assert (told.number.number, told.number.chain_name) == ("1234567", "ローソン")
    assert told.number.accepted_until == datetime(2026, 11, 30, 5, tzinfo=UTC)
    assert told.authorization == Authorization("S03-1", 3_500, "", "承認済")
    assert (told.failure, told.captured, list(told.refunds)) == (
        "declined",
        3_500,
        [Refund(500, "provider", 200)],
    )
    assert nothing == PaymentTold(refunds=[])


async def test_what_this_release_writes_is_not_carried_over_twice(old_db: Database) -> None:
    await write_as_before(old_db, "N")
    await upgrade(old_db)
    async with old_db.transaction() as tx:
        await tx.execute(
            "INSERT INTO timeline (order_code, at, topic, kind, title, by, facts)"
            " VALUES ('N-konbini', now(), 'payment', 'note', '', '', CAST(:facts AS jsonb))",
            facts='{"kind": "capture", "amount": 3500, "kept": true}',
        )
        await tx.execute(
            "INSERT INTO timeline (order_code, at, topic, kind, title, by, facts)"
            " VALUES ('N-konbini', now(), 'points', 'note', '', '', CAST(:facts AS jsonb))",
            facts='{"kind": "used", "points": 300, "kept": true}',
        )
        told = await read_told(tx, "N-konbini")
        benefits = await read_benefits(tx, "N-konbini")
    assert told.captured == 3_500
    assert [one.points for one in benefits if one.kind == "used"] == [300]
