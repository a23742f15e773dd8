"""Database access with the owner role, for commands that need more rights than the running service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.database.planning import LONG
from shared.database.transactions import Database
from shared.process.settings import FROM_ENVIRONMENT


class TableOwnerSettings(BaseSettings):
    """The settings of such a command."""

    model_config = FROM_ENVIRONMENT

    migrate_database_url: SecretStr = Field(description="The owner role")
    shop: str = Field("noren", description="Travels with every event")


@asynccontextmanager
async def table_owners_database(settings: TableOwnerSettings, service: str) -> AsyncIterator[Database]:
    """Yield the database of ``service`` under the owner of its tables; closed afterwards."""
    url = settings.migrate_database_url.get_secret_value()
    db = Database(url, service=service, shop=settings.shop, planning=LONG)
    try:
        yield db
    finally:
        await db.close()
