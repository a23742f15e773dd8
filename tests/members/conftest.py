"""A fresh members service for each test: real PostgreSQL, handlers in memory, pages over ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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


@asynccontextmanager
async def a_service(make_db: MakeDatabase, keys: Keys, *, sandbox: bool) -> AsyncIterator[MembersService]:
    """A fresh members service, of a shop that tries out or of a live one."""
    db = await make_db("members", metadata)
    settings = Settings(
        database_url=SecretStr("postgresql+asyncpg://unused"),
        amqp_url=SecretStr("amqp://unused"),
        origin_url=ORIGIN,
        cookie_secure=False,
        sandbox=sandbox,
    )
    app = FastAPI()
    hasher = PasswordHasher(memory_kib=64)
    install(app, settings, db, hasher, keys.issuers["members"], keys.verifier)
    yield MembersService(db, keys, app, hasher)
    await hasher.close()


@pytest.fixture
async def members(make_db: MakeDatabase, keys: Keys) -> AsyncIterator[MembersService]:
    """A fresh members service."""
    async with a_service(make_db, keys, sandbox=True) as service:
        yield service


@pytest.fixture
async def live_members(make_db: MakeDatabase, keys: Keys) -> AsyncIterator[MembersService]:
    """A fresh members service of a live shop, whose owners need a second factor."""
    async with a_service(make_db, keys, sandbox=False) as service:
        yield service
