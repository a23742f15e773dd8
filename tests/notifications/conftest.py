"""A mail server that keeps what it accepts, and notifications that sends to it."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import Post, pages_of
from harness.postgres import MakeDatabase
from notifications.tables import metadata
from shared.database.transactions import Database


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    """A mail server."""
    server = MailSink()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def db(make_db: MakeDatabase) -> Database:
    """The tables of notifications."""
    return await make_db("notifications", metadata)


@pytest.fixture
async def post(db: Database, sink: MailSink) -> Post:
    """Notifications with a mail server."""
    return Post(db, sink)


@pytest.fixture
def app(post: Post, keys: Keys) -> FastAPI:
    """The pages of notifications."""
    return pages_of(post, keys)
