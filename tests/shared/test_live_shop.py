"""A live shop does not start with what belongs to the demo, and says which setting that is."""

from pathlib import Path
from typing import Any

import pytest

from shared.process.live import refuse_demo
from shared.process.settings import ServiceSettings

OWN: dict[str, Any] = {
    "database_url": "postgresql+asyncpg://checkout:X9%2Fq@db/checkout",
    "amqp_url": "amqps://checkout:t8-Lk@broker/",
    "origin_url": "https://shop.example",
}


def settings(**changes: Any) -> ServiceSettings:
    return ServiceSettings(**{**OWN, **changes})


def starts(shop: ServiceSettings) -> bool:
    """Tell whether a shop starts with these settings."""
    try:
        refuse_demo(shop)
    except SystemExit:
        return False
    return True


def test_a_shop_with_its_own_settings_starts(tmp_path: Path) -> None:
    assert starts(settings(clock_file=tmp_path / "none"))
    still = tmp_path / "clock"
    still.write_text("0\n")
    assert starts(settings(clock_file=still))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"database_url": "postgresql+asyncpg://checkout:noren-demo@db/checkout"}, "DATABASE_URL"),
        ({"migrate_database_url": "postgresql+asyncpg://owner:password@db/checkout"}, "MIGRATE_DATABASE_URL"),
        ({"amqp_url": "amqp://checkout@broker/"}, "AMQP_URL"),
        ({"amqp_admin_url": "amqp://guest:guest@broker/"}, "AMQP_ADMIN_URL"),
        ({"cookie_secure": False}, "COOKIE_SECURE=false"),
        ({"origin_url": "http://shop.example"}, "ORIGIN_URL=http://shop.example"),
        ({"declare_topology": True}, "DECLARE_TOPOLOGY=true"),
    ],
)
def test_each_setting_of_the_demo_is_refused_by_its_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(SystemExit, match="SANDBOX=false") as refused:
        refuse_demo(settings(**change))
    assert f" {named}" in str(refused.value)
    assert "noren-demo" not in str(refused.value)
    assert starts(settings(**change, sandbox=True))


def test_a_clock_that_is_ahead_is_refused(tmp_path: Path) -> None:
    ahead = tmp_path / "clock"
    ahead.write_text("3600\n")
    with pytest.raises(SystemExit, match="CLOCK_FILE"):
        refuse_demo(settings(clock_file=ahead))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SystemExit) as refused:
        refuse_demo(settings(cookie_secure=False, declare_topology=True))
    assert "COOKIE_SECURE" in str(refused.value) and "DECLARE_TOPOLOGY" in str(refused.value)
