"""Migrations: Alembic, one history per service, run by the owner of the schema.

The role that runs the service gets rights on rows only; append-only tables (``info={"append_only": True}``)
may not even be updated or deleted from by it, so that ledgers cannot be edited.
"""

from importlib import import_module
from pathlib import Path

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
    command.upgrade(config, "head")


def grant_run_role(connection: Connection, role: str, metadata: MetaData) -> None:
    """Give ``role`` what the running service needs, if such a role exists."""
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        return
    connection.execute(text(f'GRANT USAGE ON SCHEMA public TO "{role}"'))
    connection.execute(text(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"'))
    for table in metadata.sorted_tables:
        rights = "SELECT, INSERT" if table.info.get("append_only") else "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f'REVOKE ALL ON "{table.name}" FROM "{role}"'))
        connection.execute(text(f'GRANT {rights} ON "{table.name}" TO "{role}"'))
