"""A cluster of brokers and its network: who is cut off from whom, what is asked meanwhile, and what may strike."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.native.site import CannotRun, Site
from proof.chaos.choice import ON_ONE_BROKER, choose
from proof.chaos.cluster import NOT_CLUSTERED, Cluster
from proof.chaos.faults import known
from proof.chaos.faults.cluster import ON_CLUSTER
from proof.chaos.faults.disks import ON_SMALL_DISKS
from proof.chaos.network import HOST, NEEDED, NODES, Cut, Network, apart, line, majority, minority, ring
from proof.chaos.probe import Asked
from proof.chaos.stage import programs

PORT = 7777
LISTEN = f"import socket; s = socket.create_server(('', {PORT}))\nwhile True: s.accept()[0].close()"
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.3)"
SERVED_SECONDS_MAX = 20.0


@pytest.mark.parametrize(
    ("cuts", "goes_on", "alone"),
    [
        ([], [1, 2, 3], []),
        (apart([1], [2, 3]), [2, 3], [1]),
        (apart([2], [HOST, 1, 3]), [1, 3], [2]),
        (apart([1], [2], [3]), [], [1, 2, 3]),
        (ring(), [], [1, 2, 3]),
        (line(2), [], []),
    ],
)
def test_a_majority_is_a_group_in_which_all_hear_all(
    cuts: list[Cut], goes_on: list[int], alone: list[int]
) -> None:
    assert majority(cuts) == goes_on
    assert minority(cuts) == alone


def test_in_a_ring_each_node_is_deaf_to_another_one() -> None:
    assert sorted(deaf for deaf, _ in ring()) == list(NODES)
    assert sorted(unheard for _, unheard in ring()) == list(NODES)
    assert all(deaf != unheard for deaf, unheard in ring())


def test_only_what_began_and_ended_inside_counts_as_confirmed() -> None:
    asked = Asked([(0.0, 0.5), (1.0, None), (2.0, 2.5), (3.0, 9.0)])

    assert asked.tried(1, 5) == 3
    assert asked.confirmed(1, 5) == 1
    assert asked.confirmed(0, 10) == 3
    assert asked.silence(0, 10) == pytest.approx(6.5)
    assert Asked().silence(2, 6) == pytest.approx(4)


def ids(*wanted: str, cluster: bool = False, disks: bool = True, network: bool = True) -> set[str]:
    choice = choose(wanted, cluster=cluster, disks_possible=disks, network_possible=network)
    return {one.id for one in choice.faults}


def test_without_a_wish_all_that_can_strike_one_broker_strikes() -> None:
    choice = choose([], cluster=False, disks_possible=False, network_possible=True)

    assert ids() == set(known()) - ON_CLUSTER
    assert {one.id for one in choice.faults} == set(known()) - ON_CLUSTER - ON_SMALL_DISKS
    assert len(choice.left_out) == 2 and "F12" in choice.left_out[0] and "CLUSTER=1" in choice.left_out[0]


def test_the_faults_of_a_cluster_bring_one_with_them() -> None:
    choice = choose(["F12", "F7"], cluster=False, disks_possible=True, network_possible=True)

    assert choice.clustered and not choice.small_disks and not choice.left_out
    assert {one.id for one in choice.faults} == {*ON_CLUSTER, "F7", "F7b"}
    assert ids(cluster=True) == set(known()) - ON_ONE_BROKER - ON_SMALL_DISKS


def test_a_cluster_is_refused_where_it_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"F6.*not on a cluster"):
        ids("F6", "F12")
    with pytest.raises(ValueError, match="F20"):
        ids("F20", cluster=True)
    with pytest.raises(CannotRun, match="root"):
        ids("F12", network=False)


def test_three_nodes_and_a_balancer_take_the_place_of_one(tmp_path: Path) -> None:
    site = Site(home=tmp_path, port_shift=6000)
    cluster = Cluster(site)
    cluster.configure()
    names = [one.name for one in programs(site, cluster)]

    assert not {*NOT_CLUSTERED} & set(names)
    assert {"balancer", *(f"{name}-{node}" for name in NOT_CLUSTERED for node in NODES)} <= set(names)
    assert len({cluster.environment(node)["RABBITMQ_NODENAME"] for node in NODES}) == len(NODES)
    balancer = (site.data / "balancer/haproxy.cfg").read_text()
    assert f"bind 127.0.0.1:{site.ports['rabbitmq']}\n" in balancer
    for node in NODES:
        settings = (site.data / f"rabbitmq-{node}/rabbitmq.conf").read_text()
        assert "cluster_partition_handling = pause_minority\n" in settings
        assert all(cluster.node_name(other) in settings for other in NODES)
        assert f"{cluster.network.address(node)}:{site.ports['rabbitmq']} check" in balancer


class Served:
    """A network in which each node listens."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def reaches(self, one: int, other: int) -> bool:
        inside = [] if one == HOST else self.network.inside(one)
        command = [*inside, sys.executable, "-c", CONNECT, self.network.address(other), str(PORT)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    @property
    def pairs(self) -> set[tuple[int, int]]:
        """Who reaches whom, others than itself."""
        return {
            (one, other)
            for one in (HOST, *NODES)
            for other in NODES
            if one != other and self.reaches(one, other)
        }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    if not Network.possible():
        pytest.skip(NEEDED)
    # A shift that no installation has, so that none is disturbed.
    network = Network(Site(home=tmp_path, port_shift=99_000))
    network.build()
    listening = [subprocess.Popen([*network.inside(node), sys.executable, "-c", LISTEN]) for node in NODES]
    try:
        found = Served(network)
        deadline = time.monotonic() + SERVED_SECONDS_MAX
        while not all(found.reaches(HOST, node) for node in NODES) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield found
    finally:
        for process in listening:
            process.kill()
            process.wait()
        network.remove()


def test_a_cut_keeps_apart_only_whom_it_names_until_it_heals(served: Served) -> None:
    everybody = {(one, other) for one in (HOST, *NODES) for other in NODES if one != other}
    assert served.pairs == everybody

    served.network.cut(apart([1], [2, 3]))
    assert served.pairs == everybody - {(1, 2), (1, 3), (2, 1), (3, 1)}
    assert served.network.dropped() > 0

    served.network.heal()
    assert served.pairs == everybody
    assert served.network.dropped() == 0

    served.network.cut([(3, HOST), (HOST, 3)])
    assert served.pairs == everybody - {(HOST, 3)}


def test_what_goes_one_way_only_is_of_no_use(served: Served) -> None:
    served.network.cut(ring())

    assert served.pairs == {(HOST, node) for node in NODES}


def test_nothing_is_left_of_a_network_that_was_removed(served: Served) -> None:
    inside = subprocess.Popen([*served.network.inside(1), "sleep", "60"])
    while not Path(f"/proc/{inside.pid}/comm").read_text().startswith("sleep"):
        time.sleep(0.01)
    served.network.remove()

    assert inside.wait(10) < 0
    left = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    links = subprocess.run(["ip", "-br", "link"], check=True, capture_output=True, text=True).stdout
    assert "noren99000" not in left + links
