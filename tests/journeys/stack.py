"""The whole product, running: a private native installation for journeys, kill tests and browser tests.

    def test_something(stack: Stack) -> None: ...      # the fixture is in conftest.py beside

It is started once per test session and removed at its end, beside any installation of `make up`.

``TEST_PORT_SHIFT=4000`` moves its ports, so that two checkouts can be tested on one machine.
``TEST_STACK=keep`` leaves it running at the end, and uses what runs already at the next start.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.native.runtime import Native
from deploy.native.site import REPOSITORY, Site
from proof.installation import READY_SECONDS_MAX, Installation, share_mail_catcher

PORT_SHIFT = int(os.environ.get("TEST_PORT_SHIFT", "3000"))


class Stack(Installation):
    """The installation of the tests."""

    def __init__(self, site: Site) -> None:
        super().__init__(Native(site))

    def set_up(self) -> None:
        """Install what is missing. Raises CannotRun where it cannot be had."""
        share_mail_catcher(self.site)
        self.native.set_up()

    def up(self) -> None:
        """Start everything anew, or use what runs where that is wished. Raises CannotRun."""
        kept = os.environ.get("TEST_STACK") == "keep"
        if kept and not self.native.supervisor.running() and self.site.data.exists():
            self.native.down()
        if not kept:
            self.native.down()
        self.native.up()

    def down(self) -> None:
        """Stop everything and delete the data, except where it is to be kept."""
        self.kill_spawned()
        if os.environ.get("TEST_STACK") != "keep":
            self.native.down()

    @contextmanager
    def replicas(self, service: str, number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run ``number`` more workers of a service, with relays, beside the supervised process."""
        base = self.definition(service)
        made: list[subprocess.Popen[bytes]] = []
        try:
            for count in range(number):
                port = self.site.port(8300 + count)
                command = [str(self.site.python), "-m", service, "worker", "relay"]
                made.append(self.spawn(base, command, {"HTTP_PORT": str(port)}))
            yield made
        finally:
            for one in made:
                one.terminate()
            for one in made:
                one.wait(READY_SECONDS_MAX)


def make_stack() -> Stack:
    """Return the installation of the tests, not yet started."""
    return Stack(Site(home=REPOSITORY / ".noren/test", port_shift=PORT_SHIFT))
