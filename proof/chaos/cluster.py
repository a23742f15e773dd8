"""A broker of three nodes in place of the one, behind a balancer, as a shop would run it.

Each node runs in a network of its own (network.py). Between the services and the nodes stands HAProxy, which
knows one thing: whether a node takes connections. A node that finds itself in a minority pauses, and then takes
none; so its clients are sent to the others. Why so: docs/decisions/0011-a-broker-cluster-behind-a-balancer.md.
"""

import asyncio
import csv
import io
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import jinja2

from deploy.native import rabbitmq
from deploy.native.packages import install_packages
from deploy.native.processes import Process, Programs
from deploy.native.runtime import Native
from deploy.native.site import Site, write_private
from proof.chaos.network import NODES, Network

BALANCER_STATISTICS = 8490
# RabbitMQ's is 60: so long, or a quarter longer, a node may be gone before the others know it.
NET_TICK_SECONDS = 8
# Three nodes boot at once and join one after the other; on a busy machine that takes minutes.
START_SECONDS_MAX = 300
NOT_CLUSTERED = ("epmd", "rabbitmq")
BALANCER = Path(__file__).with_name("haproxy.cfg.j2")


class Cluster:
    """The nodes of one installation: how they are started, where they are, and what they think of each other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.network = Network(site)
        # Strikes on it take turns: two cuts at once would be a third.
        self.one_at_a_time = asyncio.Lock()

    def name(self, node: int) -> str:
        """The supervised process of a node."""
        return f"rabbitmq-{node}"

    def node_name(self, node: int) -> str:
        """What RabbitMQ calls it."""
        return f"noren@{self.network.address(node)}"

    def amqp_url(self, node: int) -> str:
        """Straight to one node, past the balancer."""
        return self._straight(rabbitmq.admin_url(self.site), node)

    def management_url(self, node: int) -> str:
        """The management interface of one node."""
        return self._straight(rabbitmq.management_url(self.site), node)

    def log(self, node: int) -> Path:
        """Where the node writes what happens to it."""
        return self.site.logs / f"{self.name(node)}.log"

    def programs(self) -> list[Process]:
        """What runs in place of the one broker: three nodes, what they find each other by, and the balancer."""
        found = [
            Process(
                name="balancer",
                command=["haproxy", "-db", "-f", str(self._balancer)],
                directory=self.site.repository,
                starts_first=True,
            )
        ]
        for node in NODES:
            inside, environment = self.network.inside(node), self.environment(node)
            port, address = environment["ERL_EPMD_PORT"], environment["ERL_EPMD_ADDRESS"]
            found += [
                Process(
                    name=f"epmd-{node}",
                    command=[*inside, "epmd", "-address", address, "-port", port],
                    directory=self.site.data,
                    starts_first=True,
                ),
                Process(
                    name=self.name(node),
                    command=[*inside, str(rabbitmq.scripts() / "rabbitmq-server")],
                    directory=self._home(node),
                    environment=environment,
                    starts_first=True,
                    stop_group=True,
                ),
            ]
        return found

    def environment(self, node: int) -> dict[str, str]:
        """What makes RabbitMQ's scripts and tools talk about this node."""
        return rabbitmq.environment(self.site, self._home(node)) | {
            "RABBITMQ_NODENAME": self.node_name(node),
            "RABBITMQ_USE_LONGNAME": "true",
            "ERL_EPMD_ADDRESS": self.network.address(node),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{rabbitmq.IDLE} -kernel net_ticktime {NET_TICK_SECONDS}",
        }

    def configure(self) -> None:
        """Write the configuration of nodes and balancer."""
        ports = self.site.ports
        peers = {f"cluster_formation.classic_config.nodes.{one}": self.node_name(one) for one in NODES}
        for node in NODES:
            address = self.network.address(node)
            addresses = {
                "listeners.tcp.1": f"{address}:{ports['rabbitmq']}",
                "management.tcp.ip": address,
                "prometheus.tcp.ip": address,
            }
            more = {"cluster_partition_handling": "pause_minority", **addresses, **peers}
            rabbitmq.configure(self.site, self._home(node), more)
        text = jinja2.Template(BALANCER.read_text()).render(
            nodes={self.name(node): self.network.address(node) for node in NODES},
            ports=ports,
            statistics=self.site.port(BALANCER_STATISTICS),
        )
        self._balancer.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._balancer, text + "\n")

    def sessions(self) -> dict[int, int]:
        """How many AMQP connections the balancer has with each node that it takes for well."""
        with socket.create_connection(("127.0.0.1", self.site.port(BALANCER_STATISTICS)), 5) as asked:
            asked.sendall(b"show stat\n")
            told = asked.makefile(encoding="utf-8").read()
        rows = csv.DictReader(io.StringIO(told.removeprefix("# ")))
        well = {
            row["svname"]: int(row["scur"])
            for row in rows
            if row["pxname"] == "amqp" and row["status"].startswith("UP")
        }
        return {node: well[self.name(node)] for node in NODES if self.name(node) in well}

    def running(self, node: int) -> set[int]:
        """Return the nodes that a node sees running; nothing where it does not answer."""
        found = self._get(node, "nodes") or []
        told = {one["name"] for one in found if one["running"] and not one.get("partitions")}
        return {one for one in NODES if self.node_name(one) in told}

    def whole(self) -> bool:
        """Tell whether every node sees all others, and no queue lacks a member."""
        if any(self.running(node) != set(NODES) for node in NODES):
            return False
        queues = self._get(NODES[0], "queues")
        return queues is not None and all(sorted(one["online"]) == sorted(one["members"]) for one in queues)

    def ask(self, node: int, *arguments: str) -> str:
        """Run rabbitmqctl where a node is. Raises OSError with what it said if it fails."""
        command = [*self.network.inside(node), str(rabbitmq.scripts() / "rabbitmqctl"), *arguments]
        done = subprocess.run(
            command, env=os.environ | self.environment(node), check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise OSError(f"rabbitmqctl {' '.join(arguments)}: {(done.stdout + done.stderr)[-300:]}")
        return done.stdout

    def _get(self, node: int, what: str) -> list[dict[str, Any]] | None:
        """Ask a node's management interface; None where it does not answer."""
        auth = (rabbitmq.ADMIN, self.site.secrets["broker_admin"])
        try:
            answer = httpx.get(
                f"{self.management_url(node)}/api/{what}", auth=auth, timeout=5, trust_env=False
            )
            answer.raise_for_status()
        except httpx.HTTPError:
            return None
        found: list[dict[str, Any]] = answer.json()
        return found

    @property
    def _balancer(self) -> Path:
        return self.site.data / "balancer/haproxy.cfg"

    def _home(self, node: int) -> Path:
        return self.site.data / self.name(node)

    def _straight(self, url: str, node: int) -> str:
        return url.replace("127.0.0.1", self.network.address(node))


class ClusterNative(Native):
    """An installation whose broker is a cluster."""

    def __init__(self, cluster: Cluster, programs: Programs) -> None:
        super().__init__(cluster.site, programs)
        self._cluster = cluster

    def set_up(self) -> None:
        """Install the balancer too. Raises CannotRun."""
        super().set_up()
        install_packages(self.site, {"haproxy": ["haproxy"]})

    def _configure_broker(self) -> None:
        self._cluster.configure()

    def _prepare_broker(self) -> None:
        # What is declared before all nodes are there has fewer members.
        self._wait_for("the cluster", self._cluster.whole, START_SECONDS_MAX)
        self.declare_topology()
