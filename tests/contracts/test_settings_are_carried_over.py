"""What the tables of the former release hold of settings is in force after the migration, with its history."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from harness.postgres import TestPostgres
from shared.database.migrations import migrate, module_of
from tests.contracts.migrating import migrated

Rows = list[tuple[Any, ...]]
AT = "'2026-11-01 00:00:00+00'"
FORMER = {
    "checkout": (
        "8e2b6d4f1a97",
        f"""INSERT INTO shop_settings_audit (entry_id, name, before, after, by, at) VALUES
            ('00000000-0000-0000-0000-000000000002', 'shipping_fee', '700', '800', '店長', {AT}),
            ('00000000-0000-0000-0000-000000000001', 'shipping_fee', '550', '700', '店長', {AT}),
            ('00000000-0000-0000-0000-000000000003', 'free_shipping_from', '5000', 'null', '店長', {AT}),
            ('00000000-0000-0000-0000-000000000004', 'registration_box_ticked', 'true', 'false', '店員', {AT})""",
        [
            ("shop", "", "free_shipping_from", None, 3, "店長"),
            ("shop", "", "registration_box_unticked", True, 4, "店員"),
            ("shop", "", "shipping_fee", 800, 2, "店長"),
        ],
        [550, 700, 5000, False],
    ),
    "payments": (
        "8ea62a4474cf",
        f"""INSERT INTO shop_settings_audit (name, before, after, by, at) VALUES
            ('capture_policy', NULL, 'by_staff', '店長', {AT}), ('name:card', NULL, 'カード', '店長', {AT}),
            ('offer:konbini', NULL, 'no', '店長', {AT}), ('offer:konbini', 'no', 'yes', '店員', {AT})""",
        [
            ("capture", "", "capture_policy", "by_staff", 1, "店長"),
            ("method", "card", "name", "カード", 2, "店長"),
            ("method", "konbini", "offered", True, 4, "店員"),
        ],
        ["on_shipped", "", True, False],
    ),
    "members": (
        "19929ca1bda5",
        f"""INSERT INTO rule_versions (rules, changed_by, changed_at) VALUES
            ('{{"purchase_percent": "2", "valid_days": null, "amazon_login": true}}', '店長', {AT}),
            ('{{"purchase_percent": "2", "valid_days": 30, "amazon_login": true}}', '店員', {AT})""",
        [
            ("rules", "", "purchase_percent", "2", 1, "店長"),
            ("rules", "", "valid_days", 30, 2, "店員"),
        ],
        ["1", None],
    ),
    "notifications": (
        "5b0c7d1f9a36",
        f"""INSERT INTO mail_setting_changes (mail, before, after, by, at) VALUES ('shipped.customer',
            '{{"mail": "shipped.customer", "enabled": true, "except_payment_kinds": []}}',
            '{{"mail": "shipped.customer", "enabled": false, "except_payment_kinds": ["card"]}}', '店長', {AT})""",
        [
            ("mail", "shipped.customer", "enabled", False, 1, "店長"),
            ("mail", "shipped.customer", "except_payment_kinds", ["card"], 2, "店長"),
        ],
        [True, []],
    ),
}


async def rows(address: str, statement: str) -> Rows:
    """What ``statement`` finds, or nothing where it asks for nothing."""
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        found = await connection.exec_driver_sql(statement)
        told = [tuple(row) for row in found] if found.returns_rows else []
    await engine.dispose()
    return told


@pytest.mark.parametrize("service", FORMER)
async def test_settings_and_their_history_are_carried_over(postgres: TestPostgres, service: str) -> None:
    revision, former, in_force, before = FORMER[service]
    address = await migrated(postgres, service, revision)
    await rows(address, former)

    await asyncio.to_thread(migrate, service, address, module_of(service, "tables").metadata)

    settings = "SELECT group_name, subject, name, value, version, changed_by FROM settings ORDER BY 1, 2, 3"
    assert await rows(address, settings) == in_force
    changes = await rows(address, "SELECT before FROM setting_changes ORDER BY change_id")
    assert [value for (value,) in changes] == before
