"""The faults: each is one function that injects the fault, waits for its end and returns its proof.

    @fault("F6", "broker killed", proof="another process number", over="it takes connections again")
    async def kill_broker(stage: Stage, fate: Random) -> str:

A number is a kind of fault for good, also in reports; a letter behind one tells variants apart. A function returns when what
it broke answers again; what it returns is the proof that the fault took place. If it cannot prove that, it
raises :class:`NotProven`, and the injection is void. ``fate`` decides everything that is left open.
"""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from proof.chaos.stage import Stage

Strike = Callable[[Stage, Random], Awaitable[str]]


class NotProven(Exception):
    """Nothing shows that the fault took place."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault. ``does`` says what it does, ``proof`` what shows it, ``over`` when it has ended."""

    id: str
    name: str
    does: str
    proof: str
    over: str
    strike: Strike


FAULTS: dict[str, Fault] = {}


def fault(id_: str, name: str, *, proof: str, over: str) -> Callable[[Strike], Strike]:
    """Register the decorated function as a kind of fault; its docstring says what it does."""

    def register(strike: Strike) -> Strike:
        if id_ in FAULTS:
            raise ValueError(f"{id_} is registered twice")
        FAULTS[id_] = Fault(id_, name, strike.__doc__ or "", proof, over, strike)
        return strike

    return register


def proven(shown: object, evidence: str) -> str:
    """Return ``evidence`` if it is ``shown``. Raises NotProven with it otherwise."""
    if not shown:
        raise NotProven(evidence)
    return evidence


def known() -> dict[str, Fault]:
    """Return all kinds of faults by id, in the order of their numbers."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(FAULTS.items(), key=lambda item: (_number(item[0]), item[0])))


def chosen(ids: Sequence[str]) -> list[Fault]:
    """Return the faults of these ids, or all; F7 means F7b too. Raises ValueError for one unknown."""
    everything = known()
    if not ids:
        return list(everything.values())
    found = [one for id_ in ids for one in everything.values() if id_ in (one.id, f"F{_number(one.id)}")]
    unknown = [id_ for id_ in ids if not any(id_ in (one.id, f"F{_number(one.id)}") for one in found)]
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; there are {', '.join(everything)}")
    return list(dict.fromkeys(found))


def _number(id_: str) -> int:
    found = re.match(r"F(\d+)", id_)
    return int(found.group(1)) if found else 0
