"""A worker that dies before, during or after a call to a provider loses nothing and doubles nothing."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from harness.eventually import eventually
from shared.events import PaymentNumberIssued
from tests.payments.conftest import Shopping
from tests.payments.order_examples import placed, reserved


@pytest.mark.parametrize("point", ["K10", "K11", "K12"])
async def test_death_at_the_call_is_made_good(shopping: Shopping, tmp_path: Path, point: str) -> None:
    await shopping.payments.hears(placed("N1", "konbini"), reserved("N1"))
    mark = tmp_path / "mark"
    method = shopping.payments.methods["konbini"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("work_until_death.py")),
        shopping.payments.db.url,
        method.settings.url,  # type: ignore[attr-defined]
        env={**os.environ, "CRASH_AT": f"{point}:1", "CRASH_MARK": str(mark)},
    )
    assert await process.wait() == 137
    assert mark.read_text() == f"{point}\n"
    assert await shopping.payments.said() == []

    async def is_issued() -> bool:
        await shopping.payments.restarted().work()
        return len(await shopping.payments.said(PaymentNumberIssued)) == 1

    await eventually(is_issued)
    assert [entry["kind"] for entry in shopping.konbini._ledger.entries()] == ["issued"]
