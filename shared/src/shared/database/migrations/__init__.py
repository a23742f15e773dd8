"""Migrations: Alembic, one history per service, run by the owner of the schema.

The run role gets rights on rows only. ``rights.py`` of the service lists its rights on each table, and
PostgreSQL refuses everything else. So no request and no bug can edit a ledger or delete a placement.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection


def alembic_config(service: str, url: str, metadata: MetaData) -> Config:
    """Return the Alembic configuration of ``service``: our environment, its versions."""
    package = import_module(service)
    versions = Path(str(package.__file__)).parent / "migrations" / "versions"
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "os")
    config.attributes["metadata"] = metadata
    config.attributes["url"] = url
    return config


def migrate(service: str, url: str, metadata: MetaData) -> None:
    """Bring the schema of ``service`` up to date and give the run role its rights. Safe to run again."""
    config = alembic_config(service, url, metadata)
    config.attributes["run_role"] = service
    config.attributes["rights"] = rights_of(service)
    command.upgrade(config, "head")


READ = "SELECT"
ADDED_TO = "SELECT, INSERT"
CHANGED = "SELECT, INSERT, UPDATE"
SWEPT = "SELECT, INSERT, DELETE"
ANY_ROW = "SELECT, INSERT, UPDATE, DELETE"
# What due work writes while it claims and strikes off rows (shared.due.rows).
DUE = ("due_at", "leased_until", "lease", "attempts")


def changed_in(*columns: str) -> str:
    """Return the rights on a table whose rows are added, and in which only these columns are changed later."""
    return f"{ADDED_TO}, UPDATE ({', '.join(columns)})"


# The tables that every service has (shared.messaging.inbox, shared.database.outbox).
OF_THE_MACHINERY = {
    "inbox": SWEPT,
    "outbox": f"{SWEPT}, UPDATE (leased_until, published_at)",
    "replays": ADDED_TO,
}


def module_of(service: str, name: str) -> ModuleType:
    """Return the module ``tables`` or ``rights`` of ``service``."""
    return import_module(f"{service}.{name}")


def rights_of(service: str) -> Mapping[str, str]:
    """Return what the run role of ``service`` may do with each of its tables."""
    listed: Mapping[str, str] = module_of(service, "rights").RIGHTS
    return OF_THE_MACHINERY | dict(listed)


def grant_run_role(connection: Connection, role: str, metadata: MetaData, rights: Mapping[str, str]) -> None:
    """Give ``role`` what the running service needs, if such a role exists.

    Raises LookupError for a table whose rights nobody has listed.
    """
    if missing := {table.name for table in metadata.sorted_tables} - rights.keys():
        raise LookupError(f"{role}/rights.py does not say what may be done with {sorted(missing)}")
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        return
    connection.execute(text(f'GRANT USAGE ON SCHEMA public TO "{role}"'))
    connection.execute(text(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"'))
    for table in metadata.sorted_tables:
        connection.execute(text(f'REVOKE ALL ON "{table.name}" FROM "{role}"'))
        connection.execute(text(f'GRANT {rights[table.name]} ON "{table.name}" TO "{role}"'))
