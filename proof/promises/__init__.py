"""The promises of the shop as functions that look from outside and say what is broken.

    @promise("P4", "Stock is never sold twice ...")
    async def stock_adds_up(outside: Outside, check: Check) -> None:
        check.that(available >= 0, "sku NOREN-1", "available is -1")

Importing a module of this package registers its promises; :func:`check_all` runs them all. They are asked
when all is settled. No promise relies on a service's word alone: what it says is held against its own
history, other services, providers' ledgers, the broker, the mail server or the client's journal.
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from proof.observers import Outside


@dataclass(frozen=True)
class Violation:
    """One thing that is not as promised: where, and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Check:
    """Collects what one promise finds. ``looked_at`` counts how many things were held against it."""

    looked_at: int = 0
    violations: list[Violation] = field(default_factory=list)

    def that(self, holds: bool, where: str, what: str) -> None:
        """Note that ``where`` was looked at, and ``what`` is wrong with it unless it ``holds``."""
        self.looked_at += 1
        if not holds:
            self.violations.append(Violation(where, what))


Look = Callable[[Outside, Check], Awaitable[None]]


@dataclass(frozen=True)
class Promise:
    """A registered promise."""

    id: str
    sentence: str
    look: Look


@dataclass(frozen=True)
class Verdict:
    """What became of one promise."""

    promise: Promise
    looked_at: int
    violations: Sequence[Violation]


def together(verdicts: Sequence[Verdict], more: Sequence[Verdict]) -> list[Verdict]:
    """Return what two checks found, each on an installation of its own, as one."""
    before = {one.promise.id: one for one in verdicts}
    return [
        Verdict(
            one.promise,
            before[one.promise.id].looked_at + one.looked_at,
            [*before[one.promise.id].violations, *one.violations],
        )
        if one.promise.id in before
        else one
        for one in more
    ]


PROMISES: dict[str, list[Promise]] = {}


def promise(id_: str, sentence: str) -> Callable[[Look], Look]:
    """Register the decorated function as what checks promise ``id_``; several may check one promise."""

    def register(look: Look) -> Look:
        PROMISES.setdefault(id_, []).append(Promise(id_, sentence, look))
        return look

    return register


def known() -> dict[str, list[Promise]]:
    """Return all promises by id, all modules of the package imported."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(PROMISES.items()))


async def check_all(outside: Outside, *ids: str) -> list[Verdict]:
    """Check the promises ``ids``, or all, and return what was found, in the order of their ids."""
    found: list[Verdict] = []
    for id_, looks in known().items():
        if ids and id_ not in ids:
            continue
        check = Check()
        for one in looks:
            await one.look(outside, check)
        spoken = next(one for one in looks if one.sentence)
        found.append(Verdict(spoken, check.looked_at, check.violations))
    return found


async def all_kept(outside: Outside, *ids: str) -> list[Verdict]:
    """Check the promises and return the verdicts. Raises AssertionError that names what is broken."""
    found = await check_all(outside, *ids)
    broken = [f"{verdict.promise.id} {violation}" for verdict in found for violation in verdict.violations]
    if broken:
        raise AssertionError("promises broken:\n" + "\n".join(broken))
    return found
