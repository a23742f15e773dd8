"""What a process knows of the shop: the newest identity that it heard of, and a fallback before."""

import pytest
from sqlalchemy import MetaData

from harness.hearing import Hearing
from harness.postgres import MakeDatabase
from shared.database.outbox import outbox_table
from shared.database.transactions import Database, Tx
from shared.events import ShopChanged
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table
from shared.shop.identity.facts import ShopIdentity
from shared.shop.identity.keep_identity import keep_identity
from shared.shop.identity.known import KnownShop
from shared.shop.identity.tables import shop_identity_table

FALLBACK = ShopIdentity("名前のない店")


@pytest.fixture
async def db(make_db: MakeDatabase) -> Database:
    """A service that hears of the shop."""
    metadata = MetaData()
    outbox_table(metadata), inbox_table(metadata), shop_identity_table(metadata)
    return await make_db("sample", metadata)


async def hears(db: Database, *events: ShopChanged) -> None:
    """Let the service hear ``events``."""
    consumers = Consumers("sample")

    @consumers.on(ShopChanged)
    async def keep_shop(event: ShopChanged, tx: Tx) -> None:
        """Keep it."""
        await keep_identity(tx, event)

    await Hearing(consumers, db).hears(*events)


async def test_before_the_first_event_the_fallback_is_shown(db: Database) -> None:
    known = KnownShop(FALLBACK, db=db)
    await known.refresh()
    assert known.identity == FALLBACK


async def test_an_older_event_that_comes_late_changes_nothing(db: Database) -> None:
    await hears(db, ShopChanged(revision=9, name="茶舗のれん"), ShopChanged(revision=3, name="茶舗"))
    known = KnownShop(FALLBACK, db=db)
    await known.refresh()
    assert known.identity.name == "茶舗のれん"


async def test_a_newer_event_is_known_in_the_next_transaction(db: Database) -> None:
    known = KnownShop(FALLBACK, db=db, fresh_seconds=0)
    await known.refresh()
    await hears(db, ShopChanged(revision=1, name="茶舗のれん", postal_code="1000005", address="東京都"))
    async with db.transaction() as tx:
        await known.refresh_in(tx)
    assert known.identity.address_line == "〒100-0005 東京都"


async def test_many_requests_in_two_seconds_ask_once(db: Database) -> None:
    asked: list[str] = []
    db.watchers.append(asked.append)
    known = KnownShop(FALLBACK, db=db)
    for _ in range(3):
        await known.refresh()
    assert len(asked) == 1


async def test_while_the_database_is_away_the_last_identity_stays(db: Database) -> None:
    await hears(db, ShopChanged(revision=1, name="茶舗のれん"))
    known = KnownShop(FALLBACK, db=db, fresh_seconds=0)
    await known.refresh()
    away = Database("postgresql://nobody@127.0.0.1:1/none", service="sample")
    known._db = away
    await known.refresh()
    assert known.identity.name == "茶舗のれん"
