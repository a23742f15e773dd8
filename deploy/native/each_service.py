"""Run one command of every service: `python -m deploy.native.each_service migrate HOME PORT_SHIFT`.

Importing a service costs more than what these commands do. So all are imported once, and then each runs in
a forked process of its own, with its own settings and no other's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from deploy.native import environment
from deploy.native.site import SERVICES, Site
from shared.process.app import run

SETTINGS: dict[str, Callable[[Site, str], dict[str, str]]] = {
    "migrate": environment.migration,
    "topology": environment.topology,
}


def run_each(site: Site, command: str) -> list[str]:
    """Run the command of all services at once; return the services whose command failed."""
    mains = {service: import_module(f"{service}.main") for service in SERVICES}
    running = {}
    for service, main in mains.items():
        child = os.fork()
        if child == 0:
            os.environ.update(SETTINGS[command](site, service))
            run(main.make, [command])
            sys.exit(0)
        running[child] = service
    return [service for child, service in running.items() if os.waitpid(child, 0)[1] != 0]


if __name__ == "__main__":
    command, home, port_shift = sys.argv[1:]
    if failed := run_each(Site(home=Path(home), port_shift=int(port_shift)), command):
        sys.exit(f"{command} failed: {', '.join(failed)}")
