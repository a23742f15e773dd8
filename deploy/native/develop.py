"""Run one service in this terminal instead of under supervisord, and restart it after each change of its code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from watchfiles import Change, watch

from deploy.native import environment
from deploy.native.runtime import Native
from deploy.native.site import Site

# Templates are read anew by the running service (LIVE_TEMPLATES); the macros of all pages are not.
RESTARTS = (".py", ".toml", ".txt", ".css", ".js", "macros.html")
GRACE_SECONDS = 5


def develop(native: Native, service: str) -> None:
    """Run ``service`` with its logs here until Ctrl-C; then supervisord runs it again."""
    native.up()
    native.supervisor.stop_process(service)
    site = native.site
    running = _start(site, service)
    try:
        for changes in watch(*watched(site, service), watch_filter=restarts, raise_interrupt=False):
            names = ", ".join(sorted({Path(path).name for _, path in changes}))
            print(f"noren: {names} changed, starting anew", flush=True)
            running.terminate()
            _wait(running)
            running = _start(site, service)
    finally:
        # Ctrl-C has reached it, too: a second signal would keep it from ending in order.
        _wait(running)
        native.supervisor.start_process(service)


def settings(site: Site, service: str) -> dict[str, str]:
    """The environment of the service: that of `make up`, but that it declares new queues by itself."""
    return environment.topology(site, service) | {
        "DECLARE_TOPOLOGY": "true",
        "LIVE_TEMPLATES": "true",
        "LOG_FORMAT": "console",
        "SHUTDOWN_GRACE_SECONDS": str(GRACE_SECONDS),
    }


def watched(site: Site, service: str) -> list[Path]:
    """The folders whose code the service runs."""
    return [site.repository / f"services/{service}/src", site.repository / "shared/src"]


def restarts(_: Change, path: str) -> bool:
    """Whether the service must start anew to notice a change of this file."""
    return path.endswith(RESTARTS) and not Path(path).name.startswith(".")


def _start(site: Site, service: str) -> subprocess.Popen[bytes]:
    # In our own process group: a debugger in it can read what is typed here.
    command = [str(site.python), "-m", service, *environment.ROLES]
    return subprocess.Popen(command, cwd=site.repository, env=os.environ | settings(site, service))


def _wait(running: subprocess.Popen[bytes]) -> None:
    try:
        running.wait(GRACE_SECONDS + 2)
    except subprocess.TimeoutExpired:
        running.kill()
