"""The faults of a run: those that were requested and that this machine supports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from deploy.native.site import CannotRun
from proof.chaos import disks, network
from proof.chaos.faults import Fault, chosen, known
from proof.chaos.faults.cluster import ON_CLUSTER
from proof.chaos.faults.disks import ON_SMALL_DISKS

# These hurt the one broker by its own name, or its disk; F21 reads what it says twice from a stream.
ON_ONE_BROKER = frozenset({"F5", "F6", "F9", "F10", "F11", "F15", "F21"})


@dataclass(frozen=True)
class Choice:
    """What strikes, what the installation needs for it, and a line for each group that was left out."""

    faults: list[Fault]
    small_disks: bool = False
    clustered: bool = False
    left_out: Sequence[str] = ()


def choose(ids: Sequence[str], *, cluster: bool, disks_possible: bool, network_possible: bool) -> Choice:
    """Return what strikes when these faults (all, if none is named) are wanted, on a ``cluster`` of brokers or not.

    Raises ValueError where they cannot strike on one installation, CannotRun where there can be no cluster.
    """
    faults = chosen(ids)
    wanted = {one.id for one in faults}
    left_out: dict[str, frozenset[str]] = {}
    if ids:
        cluster = cluster or bool(wanted & ON_CLUSTER)
        if cluster and (wrong := wanted & (ON_ONE_BROKER | ON_SMALL_DISKS)):
            raise ValueError(f"{_names(wrong)}: only where there is one broker, so not on a cluster")
    elif cluster:
        left_out["they strike where there is one broker"] = ON_ONE_BROKER | ON_SMALL_DISKS
    else:
        left_out["three broker nodes: make chaos CLUSTER=1"] = ON_CLUSTER
        if not disks_possible:
            left_out[disks.NEEDED] = ON_SMALL_DISKS
    if cluster and not network_possible:
        raise CannotRun(f"a cluster of brokers {network.NEEDED}")
    out = frozenset[str]().union(*left_out.values())
    faults = [one for one in faults if one.id not in out]
    return Choice(
        faults,
        # Asked for by name, they strike all the same where no disk can be mounted, and are void.
        small_disks=not cluster and disks_possible and bool(ON_SMALL_DISKS & {one.id for one in faults}),
        clustered=cluster,
        left_out=[f"{_names(group)}: {why}" for why, group in left_out.items()],
    )


def _names(ids: Collection[str]) -> str:
    return ", ".join(one for one in known() if one in ids)
