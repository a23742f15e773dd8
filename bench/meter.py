"""CPU seconds and memory by component, from the operating system's own accounts."""

import os
from collections.abc import Mapping

import psutil

from bench.installation import Installation, family


class Meter:
    """Reads what each component has used so far; the difference of two readings is what a phase cost."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds used so far by each service, server and tool, and by the whole machine (``busy``)."""
        used: dict[str, float] = {}
        for one in self._installation.running:
            used[one.name] = used.get(one.name, 0.0) + _cpu_seconds(one.process.pid)
        for name, pid in self._installation.server_pids().items():
            used[name] = _cpu_seconds(pid)
        own = os.times()
        used["load"] = own.children_user + own.children_system
        machine = psutil.cpu_times()
        used["busy"] = machine.user + machine.nice + machine.system
        return used

    def memory_mib(self) -> dict[str, float]:
        """Resident memory of each process of the services in MiB, shared pages counted once per process."""
        found: dict[str, float] = {}
        for one in self._installation.running:
            rss = sum(process.memory_info().rss for process in family(one.process.pid)) / 2**20
            found[one.name] = round(max(found.get(one.name, 0.0), rss), 1)
        return found


def _cpu_seconds(pid: int) -> float:
    total = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if process.pid == pid:
            total += times.children_user + times.children_system
    return total


def per_order(before: Mapping[str, float], after: Mapping[str, float], orders: int) -> dict[str, float]:
    """Milliseconds of CPU for one order, by component; ``other`` is the rest of the machine."""
    used = {name: after[name] - before[name] for name in after}
    busy = used.pop("busy")
    used["other"] = max(0.0, busy - sum(used.values()))
    return {name: round(seconds / orders * 1000, 3) for name, seconds in used.items()}
