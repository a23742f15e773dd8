"""A private RabbitMQ node: own name, ports, cookie, data, plugins and epmd; runs as any user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from deploy.native.packages import rabbitmq_folder
from deploy.native.site import CannotRun, Site, write_private

ADMIN = "noren"
# Idle Erlang schedulers spin by default; on a small machine that takes time from our services.
IDLE = "+sbwt none +sbwtdcpu none +sbwtdio none"


def scripts() -> Path:
    """Folder of RabbitMQ's scripts, or CannotRun."""
    folder = rabbitmq_folder()
    if folder is None:
        raise CannotRun("RabbitMQ is missing: run make setup")
    return folder


def environment(site: Site, home: Path | None = None) -> dict[str, str]:
    """What makes RabbitMQ's scripts and tools (rabbitmqctl too) talk about our node and no other.

    ``home`` is its folder where it is not the only one.
    """
    home = home or _home(site)
    return {
        "HOME": str(home),
        "RABBITMQ_NODENAME": site.node_name,
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(site.logs),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        "RABBITMQ_DIST_PORT": str(site.ports["rabbitmq-distribution"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(site.ports["epmd"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{IDLE} -kernel inet_dist_use_interface {{127,0,0,1}}",
    }


def configure(
    site: Site, home: Path | None = None, more: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Write a node's configuration; the administrator is created by RabbitMQ at its first start.

    ``more`` is set in addition, or in place of what is usual.
    """
    home = home or _home(site)
    home.mkdir(parents=True, exist_ok=True)
    ports = site.ports
    settings = {
        "listeners.tcp.1": f"127.0.0.1:{ports['rabbitmq']}",
        "management.tcp.ip": "127.0.0.1",
        "management.tcp.port": ports["rabbitmq-management"],
        "prometheus.tcp.ip": "127.0.0.1",
        "prometheus.tcp.port": ports["rabbitmq-metrics"],
        "default_user": ADMIN,
        "default_pass": site.secrets["broker_admin"],
        "log.console.level": "warning",
        "disk_free_limit.absolute": "200MB",
        # A demo shares the machine with a browser; publishers are paused before memory gets short.
        "vm_memory_high_watermark.absolute": "512MB",
        **more,
    }
    write_private(home / "rabbitmq.conf", "".join(f"{key} = {value}\n" for key, value in settings.items()))
    (home / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
    cookie = home / ".erlang.cookie"
    if not cookie.exists():
        write_private(cookie, site.secrets["erlang_cookie"])
        cookie.chmod(0o400)


def admin_url(site: Site) -> str:
    """AMQP address of the administrator, who alone may declare."""
    return f"amqp://{ADMIN}:{site.secrets['broker_admin']}@127.0.0.1:{site.ports['rabbitmq']}/"


def service_url(site: Site, service: str) -> str:
    """AMQP address of a service's own user, who declares nothing."""
    return f"amqp://{service}:{site.secrets[f'broker_{service}']}@127.0.0.1:{site.ports['rabbitmq']}/"


def management_url(site: Site) -> str:
    """RabbitMQ's own console and HTTP interface."""
    return f"http://127.0.0.1:{site.ports['rabbitmq-management']}"


def _home(site: Site) -> Path:
    return site.data / "rabbitmq"
