"""Create a RabbitMQ user with minimal rights for each service, and the policy for its lost messages.

    python broker_users.py SERVICE...

A service writes to its own exchanges, reads its own queues and declares nothing: queues and exchanges come
from `make topology`. A message that waits for a queue which is gone would stop all that wait behind it: a policy leads it
to <service>.lost. Reads AMQP_MANAGEMENT_URL (RabbitMQ's HTTP interface), AMQP_ADMIN_URL (whose user may
administrate) and <SERVICE>_BROKER_PASSWORD. Safe to run again. Standard library only: it runs anywhere.
"""

import base64
import json
import os
import sys
from collections.abc import Mapping
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

DEFAULT_VHOST = "/"
TIMEOUT_SECONDS = 10


def permissions(service: str) -> dict[str, str]:
    """What the user of a service may configure, write and read: regular expressions over resource names."""
    return {
        "configure": "^$",
        "write": rf"^{service}\.(events|retry\.[0-9]+s|dead)$",
        "read": rf"^{service}\..*$",
    }


def lost_policy(service: str) -> dict[str, object]:
    """Where messages go that the exchanges of waits and dead letters can lead nowhere."""
    return {
        "pattern": rf"^{service}\.(again|dead)$",
        "apply-to": "exchanges",
        "definition": {"alternate-exchange": f"{service}.lost"},
    }


def create_users(services: list[str]) -> None:
    """Create or update the user of each service, its permissions and its policy."""
    admin = urlsplit(os.environ["AMQP_ADMIN_URL"])
    vhost = quote(unquote(admin.path[1:]) or DEFAULT_VHOST, safe="")
    for service in services:
        password = os.environ[f"{service.upper()}_BROKER_PASSWORD"]
        _put(f"users/{service}", {"password": password, "tags": ""})
        _put(f"permissions/{vhost}/{service}", permissions(service))
        _put(f"policies/{vhost}/{service}.lost", lost_policy(service))


def _put(path: str, body: Mapping[str, object]) -> None:
    admin = urlsplit(os.environ["AMQP_ADMIN_URL"])
    credentials = f"{unquote(admin.username or '')}:{unquote(admin.password or '')}".encode()
    request = Request(  # noqa: S310 - the address is the operator's own setting
        f"{os.environ['AMQP_MANAGEMENT_URL'].rstrip('/')}/api/{path}",
        data=json.dumps(body).encode(),
        method="PUT",
        headers={
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(credentials).decode(),
        },
    )
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass
    except HTTPError as error:
        raise SystemExit(f"RabbitMQ refused PUT /api/{path}: {error.code} {error.read().decode()}") from error
    except URLError as error:
        raise SystemExit(f"RabbitMQ's HTTP interface does not answer: {error.reason}") from error


if __name__ == "__main__":
    create_users(sys.argv[1:])
