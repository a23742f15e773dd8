"""The environment of every process we run: one place, so that `make migrate` sees what the services see."""

from __future__ import annotations

import os
import re

from deploy.native import postgres, rabbitmq
from deploy.native.site import SERVICE_PORTS, SERVICES, Site

ROLES = ("web", "worker", "relay")
MAIL_FROM = "shop@noren.example"
# A line of .env.example: `NAME=value`, or `#NAME=default`.
SETTING = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def operator_settings(site: Site) -> dict[str, str]:
    """What the operator wishes: the settings that `.env.example` lists and the environment has."""
    listed = SETTING.findall((site.repository / ".env.example").read_text())
    return {name: value for name in listed if (value := os.environ.get(name))}


def service(site: Site, name: str) -> dict[str, str]:
    """The settings of a service: what `.env.example` lists, filled in for this installation."""
    return {
        **shared(site),
        "DATABASE_URL": postgres.service_url(site, name),
        "AMQP_URL": rabbitmq.service_url(site, name),
        "SIGNING_KEY_FILE": str(site.keys / name / "signing.pem"),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(site.port(SERVICE_PORTS[name])),
        **OWN_SETTINGS[name](site),
    }


def overruled(site: Site) -> list[str]:
    """Name the settings that the operator wishes and that a native installation sets itself, so that they do nothing."""
    given = [service(site, name) for name in SERVICES]
    wished = operator_settings(site).items()
    return [name for name, value in wished if any(one.get(name, value) != value for one in given)]


def migration(site: Site, name: str) -> dict[str, str]:
    """The settings of a service's migration, which alone works as the owner of the tables."""
    return service(site, name) | {"MIGRATE_DATABASE_URL": postgres.owner_url(site, name)}


def topology(site: Site, name: str) -> dict[str, str]:
    """The settings of a service's declaration, which alone works as the broker's administrator."""
    return service(site, name) | {"AMQP_ADMIN_URL": rabbitmq.admin_url(site)}


def shared(site: Site) -> dict[str, str]:
    """The settings that all services share."""
    return {
        "SHOP": "noren",
        "FILES_URL": site.files.as_uri(),
        "UPLOADS_FOLDER": str(site.data / "arriving"),
        **operator_settings(site),
        "ORIGIN_URL": site.origin_url,
        "CLOCK_FILE": str(site.clock_file),
        "TRUSTED_KEYS_FILE": str(site.keys / "trusted.json"),
        "COOKIE_SECURE": "false",
        "SANDBOX": "true",
        # The administrator has declared everything before the services start, as in production.
        "DECLARE_TOPOLOGY": "false",
        "PYTHONUNBUFFERED": "1",
    }


def administration(site: Site) -> dict[str, str]:
    """What the set-up commands need: the broker's administrator, and the passwords they hand out."""
    return {
        **shared(site),
        "AMQP_ADMIN_URL": rabbitmq.admin_url(site),
        "AMQP_MANAGEMENT_URL": rabbitmq.management_url(site),
        **{f"{name.upper()}_BROKER_PASSWORD": site.secrets[f"broker_{name}"] for name in SERVICES},
    }


def simulator(site: Site, method: str) -> dict[str, str]:
    """The settings of a provider's simulator, alike for every method."""
    return {
        **shared(site),
        **_payments(site),
        "AMAZON_PAY_PUBLIC_KEY_FILE": str(site.keys / "amazon_pay/merchant.pub.pem"),
        "SIMULATOR_DIRECTORY": str(site.data / "simulators"),
        f"{method.upper()}_SIMULATOR_FOLDER": str(site.data / "simulators" / method),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(site.simulator_ports[method]),
    }


EDGE_SETTINGS = ("EDGE_TRUSTED_PROXIES", "EDGE_HOSTS", "EDGE_HEADER_SECONDS", "EDGE_BODY_SECONDS")


def edge(site: Site) -> dict[str, str]:
    """The settings of Caddy."""
    wished = operator_settings(site)
    return {
        **{name: wished[name] for name in EDGE_SETTINGS if name in wished},
        "ORIGIN_URL": site.origin_url,
        "EDGE_BIND": "127.0.0.1",
        "EDGE_PORT": str(site.ports["caddy"]),
        "EDGE_PAGES": str(site.repository / "deploy/caddy"),
        "XDG_DATA_HOME": str(site.data / "caddy"),
        "XDG_CONFIG_HOME": str(site.data / "caddy"),
        **{f"{name.upper()}_HOST": "127.0.0.1" for name in SERVICES},
        **{f"{name.upper()}_PORT": str(site.ports[name]) for name in SERVICES},
    }


def tools(site: Site) -> dict[str, str]:
    """What the demo and the checkers need to look at the running system from outside."""
    return {
        **administration(site),
        "MAIL_URL": f"http://127.0.0.1:{site.ports['mail-web']}",
        **{f"{name.upper()}_URL": f"http://127.0.0.1:{site.ports[name]}" for name in SERVICES},
        **{f"{name.upper()}_DATABASE_URL": postgres.owner_url(site, name) for name in SERVICES},
        **{f"{name.upper()}_SIMULATOR_URL": url for name, url in simulator_urls(site).items()},
    }


def simulator_urls(site: Site) -> dict[str, str]:
    """Payment method -> address of its simulator and its console page."""
    return {name: f"http://127.0.0.1:{port}" for name, port in site.simulator_ports.items()}


def _checkout(site: Site) -> dict[str, str]:
    return {
        "PAYMENTS_URL": f"http://127.0.0.1:{site.ports['payments']}",
        "MEMBERS_URL": f"http://127.0.0.1:{site.ports['members']}",
        "NOTIFICATIONS_URL": f"http://127.0.0.1:{site.ports['notifications']}",
    }


def _payments(site: Site) -> dict[str, str]:
    """Each method finds its provider's simulator under <METHOD>_URL, a new one too."""
    return {
        **{f"{name.upper()}_URL": url for name, url in simulator_urls(site).items()},
        "AMAZON_PAY_PRIVATE_KEY_FILE": str(site.keys / "amazon_pay/merchant.pem"),
    }


def _notifications(site: Site) -> dict[str, str]:
    wished = operator_settings(site)
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(site.ports["mail"]),
        "MAIL_FROM": wished.get("MAIL_FROM", MAIL_FROM),
        # On one machine a mail can wait for a processor; who confirms an order should not.
        "NICENESS": wished.get("NICENESS", "6"),
    }


OWN_SETTINGS = {
    "checkout": _checkout,
    "payments": _payments,
    "members": lambda _: {},
    "notifications": _notifications,
}
