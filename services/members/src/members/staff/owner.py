"""The database as its owner sees it: the running service may read roles, and only commands write them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.database import Database
from shared.settings import OwnerSettings


@asynccontextmanager
async def owners_database(settings: OwnerSettings) -> AsyncIterator[Database]:
    """Yield the database of members under the owner of its tables; closed afterwards."""
    db = Database(settings.migrate_database_url.get_secret_value(), service="members", shop=settings.shop)
    try:
        yield db
    finally:
        await db.close()
