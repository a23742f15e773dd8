"""The side of a provider's address: a sandbox calls only simulators, a live shop only providers (OPS-09)."""

from ipaddress import ip_address
from urllib.parse import urlsplit

# Names that no public DNS resolves (RFC 2606, RFC 6762, RFC 9476 and names of clusters).
NEVER_PUBLIC = (".localhost", ".test", ".example", ".invalid", ".local", ".internal")


def is_simulator(url: str) -> bool:
    """Return whether the host of ``url`` can only be reached from this network. No provider has such an address."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(NEVER_PUBLIC)


def check_side(setting: str, url: str, *, sandbox: bool) -> None:
    """Raise ValueError if a sandbox would call a provider, or a live shop a simulator."""
    host = urlsplit(url).hostname
    if sandbox and not is_simulator(url):
        raise ValueError(f"{setting} leads to {host}, but SANDBOX=true calls no live provider")
    if not sandbox and is_simulator(url):
        raise ValueError(
            f"{setting} leads to {host}, where only a simulator can be; simulators need SANDBOX=true"
        )
