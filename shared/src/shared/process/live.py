"""Demo passwords and demo settings that a live shop refuses at its start."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from shared.process.settings import ServiceSettings

# They are published in this repository, or are RabbitMQ's own defaults, so everybody knows them.
KNOWN_PASSWORDS = frozenset({"", "noren-demo", "noren-demo-2026", "password", "guest"})
ADDRESSES = ("database_url", "migrate_database_url", "amqp_url", "amqp_admin_url")


def refuse_demo(settings: ServiceSettings) -> None:
    """Check that a live shop may run with ``settings``. Raises SystemExit that names each demo setting."""
    found = [] if settings.sandbox else list(_of_the_demo(settings))
    if found:
        raise SystemExit(f"a live shop (SANDBOX=false) does not start like this: {'; '.join(found)}")


def _of_the_demo(settings: ServiceSettings) -> Iterator[str]:
    for name in ADDRESSES:
        address = getattr(settings, name)
        if address is not None and _password(address.get_secret_value()) in KNOWN_PASSWORDS:
            yield f"{name.upper()} has a password that everybody knows, or none"
    if not settings.cookie_secure:
        yield "COOKIE_SECURE=false lets sessions travel in the clear"
    if not settings.origin_url.startswith("https://"):
        yield f"ORIGIN_URL={settings.origin_url} is not https"
    if settings.declare_topology:
        yield "DECLARE_TOPOLOGY=true is for development: run `topology` with AMQP_ADMIN_URL instead"
    clock = settings.clock_file
    if clock is not None and clock.exists() and clock.read_text().strip() not in ("", "0"):
        yield f"CLOCK_FILE={clock} moves the clock"


def _password(address: str) -> str:
    return unquote(urlsplit(address).password or "")
