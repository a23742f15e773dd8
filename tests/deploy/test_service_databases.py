"""What the users of the databases can do before any migration has run, as the script that makes them leaves it."""

import os
import subprocess
from collections.abc import Iterator

import asyncpg
import pytest
from sqlalchemy.engine import URL, make_url

from deploy.native.postgres import BIN
from deploy.native.site import REPOSITORY, SERVICES
from harness.postgres import server

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def made() -> Iterator[URL]:
    """A server on which the script has run, twice as at every start."""
    with server() as address:
        url = make_url(address)
        connection = {"PGHOST": str(url.query["host"]), "PGUSER": str(url.username), "PGDATABASE": "postgres"}
        passwords = {
            f"{name.upper()}_{kind}_PASSWORD": "x" for name in SERVICES for kind in ("OWNER", "DATABASE")
        }
        environment = os.environ | connection | passwords | {"PATH": f"{BIN}:{os.environ['PATH']}"}
        for _ in range(2):
            subprocess.run(["sh", REPOSITORY / "deploy/postgres/databases.sh"], env=environment, check=True)
        yield url


@pytest.mark.parametrize("user", ["{}", "{}_owner"])
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "statement", ["SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'x')", "SELECT lo_creat(-1)"]
)
async def test_no_user_of_a_service_can_store_large_objects(
    made: URL, service: str, user: str, statement: str
) -> None:
    address = made.set(database=service, username=user.format(service)).render_as_string(hide_password=False)
    connection = await asyncpg.connect(address)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_service_cannot_connect_to_the_database_of_another(made: URL) -> None:
    address = made.set(database="payments", username="checkout").render_as_string(hide_password=False)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(address)
