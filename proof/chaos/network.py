"""A network of its own for a cluster of brokers: a namespace for each node, a switch between them, and cuts.

The switch has a namespace too, so that the machine's own firewall, which container engines set to DROP, has no
say in it, and so that all is gone when the namespaces are. Only root on Linux may do this.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from itertools import permutations

from deploy.native.site import CannotRun, Site

NODES = (1, 2, 3)
HOST = 0
NEEDED = (
    "needs root on Linux, with ip, iptables, nsenter, and the right to make network namespaces and bridges"
)
# Meant for measuring networks (RFC 2544): no machine is reached by these addresses.
PREFIX = "198.18"
# Packets are counted by the rules that drop them: `iptables -nvxL` begins each with its count.
DROPPED = re.compile(r"^\s*(\d+)\s+\d+\s+DROP\b", re.MULTILINE)

# Who does not hear whom: (the deaf one, who is not heard).
Cut = tuple[int, int]


def apart(*groups: Iterable[int]) -> list[Cut]:
    """Return the cuts that keep groups of nodes apart, both ways."""
    return [
        (deaf, unheard)
        for one, other in permutations([tuple(group) for group in groups], 2)
        for deaf in one
        for unheard in other
    ]


def ring() -> list[Cut]:
    """Return the cuts of Jepsen's majority ring: each node hears a majority, itself included, each another."""
    return [(node, node % len(NODES) + 1) for node in NODES]


def line(middle: int) -> list[Cut]:
    """Return the cuts that leave ``middle`` in touch with both others, which do not hear each other."""
    one, other = (node for node in NODES if node != middle)
    return apart([one], [other])


def majority(cuts: Iterable[Cut]) -> list[int]:
    """Return the nodes of the majority in which all hear all; [] where there is none."""
    heard = _heard(cuts)
    full = [group for group in heard.values() if all(heard[node] == group for node in group)]
    return next((sorted(group) for group in full if 2 * len(group) > len(NODES)), [])


def minority(cuts: Iterable[Cut]) -> list[int]:
    """Return the nodes that are not in touch with a majority, themselves included."""
    return [node for node, group in _heard(cuts).items() if 2 * len(group) <= len(NODES)]


def _heard(cuts: Iterable[Cut]) -> dict[int, set[int]]:
    """Return for each node whom it is in touch with: what goes one way only is of no use to TCP."""
    deaf = set(cuts)
    return {node: {other for other in NODES if not {(node, other), (other, node)} & deaf} for node in NODES}


class Network:
    """The network of one installation; it is there between :meth:`build` and :meth:`remove`."""

    def __init__(self, site: Site) -> None:
        self._name = f"noren{site.port_shift}"
        self._subnet = f"{PREFIX}.{site.port_shift // 1000}"

    @staticmethod
    def possible() -> bool:
        """Tell whether such a network can be made here, by making a namespace with a firewall."""
        if sys.platform != "linux" or os.geteuid() != 0:
            return False
        if not all(shutil.which(name) for name in ("ip", "iptables", "nsenter")):
            return False
        probe = f"noren-probe-{os.getpid()}"
        try:
            return all(
                _runs(*command)
                for command in (
                    ("ip", "netns", "add", probe),
                    ("ip", "-n", probe, "link", "add", "switch", "type", "bridge"),
                    (
                        "ip",
                        "netns",
                        "exec",
                        probe,
                        "iptables",
                        "-A",
                        "INPUT",
                        "-s",
                        "192.0.2.1",
                        "-j",
                        "DROP",
                    ),
                )
            )
        finally:
            _runs("ip", "netns", "del", probe)

    def address(self, node: int) -> str:
        """Where a node is; HOST is where everybody else looks from."""
        return f"{self._subnet}.{node + 1 if node == HOST else node + 10}"

    def inside(self, node: int) -> list[str]:
        """Return the beginning of a command that runs where the node is."""
        return ["nsenter", f"--net=/run/netns/{self._namespace(node)}"]

    def build(self) -> None:
        """Make everything anew. Raises CannotRun."""
        self.remove()
        try:
            self._build()
        except OSError as error:
            raise CannotRun(f"the cluster's network cannot be made: {error}") from error

    def _build(self) -> None:
        switch = self._switch
        _ip("netns", "add", switch)
        _ip("-n", switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", switch, "link", "set", "switch", "up")
        for node in NODES:
            space, port = self._namespace(node), f"node{node}"
            _ip("netns", "add", space)
            _ip("-n", space, "link", "set", "lo", "up")
            _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("-n", switch, "link", "set", port, "master", "switch", "up")
            _ip("-n", space, "addr", "add", f"{self.address(node)}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
        _ip("link", "add", self._name, "type", "veth", "peer", "name", "host", "netns", switch)
        _ip("-n", switch, "link", "set", "host", "master", "switch", "up")
        _ip("addr", "add", f"{self.address(HOST)}/24", "dev", self._name)
        _ip("link", "set", self._name, "up")

    def remove(self) -> None:
        """Take away what is there of it, and end what still runs in it: tools of Erlang leave an epmd behind."""
        _runs("ip", "link", "del", self._name)
        for space in (self._switch, *map(self._namespace, NODES)):
            with suppress(OSError):
                for pid in _out("ip", "netns", "pids", space).split():
                    os.kill(int(pid), signal.SIGKILL)
            _runs("ip", "netns", "del", space)

    def cut(self, cuts: Iterable[Cut]) -> None:
        """From now on nothing that ``unheard`` sends reaches ``deaf``. Raises OSError."""
        for deaf, unheard in cuts:
            if deaf == HOST:
                # The machine's own firewall is none of ours.
                self._firewall(unheard, "-A", "OUTPUT", "-d", self.address(HOST), "-j", "DROP")
            else:
                self._firewall(deaf, "-A", "INPUT", "-s", self.address(unheard), "-j", "DROP")

    def heal(self) -> None:
        """Let everything through again. Raises OSError."""
        for node in NODES:
            self._firewall(node, "-F")

    def dropped(self) -> int:
        """Return how many packets the present cuts have kept from arriving."""
        told = (self._firewall(node, "-nvxL") for node in NODES)
        return sum(int(count) for text in told for count in DROPPED.findall(text))

    def _firewall(self, node: int, *arguments: str) -> str:
        return _out(*self.inside(node), "iptables", "-w", *arguments)

    @cached_property
    def _switch(self) -> str:
        return f"{self._name}-switch"

    def _namespace(self, node: int) -> str:
        return f"{self._name}-{node}"


def _ip(*arguments: str) -> None:
    _out("ip", *arguments)


def _out(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _runs(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
