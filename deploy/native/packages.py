"""Programs from the operating system's packages: RabbitMQ, Caddy, Node.js."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.native.site import CannotRun, Site

# program -> the Debian and Ubuntu packages that bring it
PACKAGES = {"rabbitmq-server": ["rabbitmq-server"], "caddy": ["caddy"], "npm": ["nodejs", "npm"]}
# Only the tests of the pages need a browser, and fonts that show Japanese on their screenshots.
BROWSER = {"chromedriver": ["chromium", "chromium-driver", "fonts-noto-cjk"]}
RABBITMQ_FOLDERS = (
    "/usr/lib/rabbitmq/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
)
POLICY = Path("/usr/sbin/policy-rc.d")


def rabbitmq_folder() -> Path | None:
    """Folder of RabbitMQ's own scripts.

    Debian's /usr/sbin/rabbitmq-server is a wrapper that insists on the users root and rabbitmq; the
    scripts it calls do not.
    """
    for folder in RABBITMQ_FOLDERS:
        if (Path(folder) / "rabbitmq-server").exists():
            return Path(folder)
    found = shutil.which("rabbitmq-server")
    if found is None or found.startswith("/usr/sbin/"):
        return None
    return Path(found).resolve().parent


def missing_programs(wanted: Mapping[str, list[str]] = PACKAGES) -> list[str]:
    """Which of the wanted programs are not on this machine."""
    return [
        program
        for program in wanted
        if not (rabbitmq_folder() if program == "rabbitmq-server" else shutil.which(program))
    ]


def can_install() -> bool:
    """Whether missing programs can be installed here: apt-get, and root or sudo."""
    if not shutil.which("apt-get"):
        return False
    return os.geteuid() == 0 or shutil.which("sudo") is not None


def install_packages(site: Site, wanted: Mapping[str, list[str]] = PACKAGES) -> None:
    """Install what is missing. Does nothing, and needs no rights, when all is there.

    Raises CannotRun with the packages to install by hand, if they cannot be installed.
    """
    missing = missing_programs(wanted)
    if not missing:
        return
    packages = [package for program in missing for package in wanted[program]]
    if not can_install():
        raise CannotRun(
            f"missing: {', '.join(missing)}. They cannot be installed from here (that needs "
            "apt-get, and root or sudo): install RabbitMQ >= 3.10, Caddy >= 2.6 and Node.js >= 18, "
            "or use containers: make demo DOCKER=1"
        )
    log = site.logs / "packages.log"
    print(f"Installing {' '.join(packages)} (log: {log})", flush=True)
    with log.open("w") as stream, services_stay_stopped():
        _as_root(["apt-get", "update", "-q"], stream.fileno())
        _as_root(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], stream.fileno())
    if still := missing_programs(wanted):
        raise CannotRun(f"still missing after apt-get install: {', '.join(still)}; see {log}")


@contextmanager
def services_stay_stopped() -> Iterator[None]:
    """Keep packages from starting their own RabbitMQ and Caddy: we run private ones.

    policy-rc.d is Debian's own switch for this; one that exists already is left as it is. Where systemd
    runs, the new services are also kept from starting at the next boot.
    """
    before = {unit for unit in ("rabbitmq-server", "caddy") if _unit_exists(unit)}
    ours = not POLICY.exists()
    if ours:
        _as_root(["sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"])
    try:
        yield
    finally:
        if ours:
            _as_root(["rm", "-f", str(POLICY)])
        for unit in ("rabbitmq-server", "caddy"):
            if unit not in before and _unit_exists(unit) and Path("/run/systemd/system").exists():
                _as_root(["systemctl", "disable", "--now", unit])


def _unit_exists(unit: str) -> bool:
    return any(
        Path(folder, f"{unit}.service").exists() for folder in ("/lib/systemd/system", "/etc/systemd/system")
    )


def _as_root(command: list[str], log: int | None = None) -> None:
    """Run a command as root; sudo may ask for a password only where somebody can type one."""
    if os.geteuid() != 0:
        ask = [] if sys.stdin.isatty() else ["-n"]
        command = ["sudo", *ask, "env", "DEBIAN_FRONTEND=noninteractive", *command]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, stdout=log, stderr=log, env=environment, check=False)
    if result.returncode:
        raise CannotRun(
            f"this failed with code {result.returncode}: {' '.join(command)}; "
            "run it yourself, or use containers: make demo DOCKER=1"
        )
