"""A fresh members service for each test: real PostgreSQL, handlers in memory, pages over ASGI."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from harness.keys import Keys
from harness.postgres import MakeDatabase
from members.accounts.hasher import PasswordHasher
from members.main import install
from members.settings import Settings
from members.tables import metadata
from tests.members.members_service import ORIGIN, MembersService


@pytest.fixture
async def members(make_db: MakeDatabase, keys: Keys) -> AsyncIterator[MembersService]:
    """A fresh members service."""
    db = await make_db("members", metadata)
    settings = Settings(
        database_url=SecretStr("postgresql+asyncpg://unused"),
        amqp_url=SecretStr("amqp://unused"),
        origin_url=ORIGIN,
        cookie_secure=False,
    )
    app = FastAPI()
    hasher = PasswordHasher(memory_kib=64)
    install(app, settings, db, hasher, keys.issuers["members"], keys.verifier)
    yield MembersService(db, keys, app, hasher)
    await hasher.close()
