"""All random decisions, drawn from the seed, with a count of each event."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass
class Dangers:
    """How likely each kind of trouble is in this run; all 0 once the run calms down.

    Each seed switches each kind off, on, or on strongly: combinations of few strong troubles find more than
    a little of everything (swarm testing).
    """

    crash: float = 0.0
    """That a process dies at a crash point that it passes."""
    database: float = 0.0
    """That a transaction fails before it begins."""
    lost_commit: float = 0.0
    """That a transaction is committed and its answer is lost."""
    late_commit: float = 0.0
    """That a transaction took its sequence numbers long before it commits."""
    twice: float = 0.15
    """That the broker delivers a message twice."""
    slow: float = 0.0
    """That a message, a call or a step takes seconds in place of milliseconds."""
    frozen: float = 0.0
    """That a process stands still longer than its leases last."""
    publish: float = 0.0
    """That a publish or its confirm is lost."""
    cut: float = 0.0
    """That a connection to the broker is cut after an acknowledgement was sent and before it arrived."""
    gateway: float = 0.0
    """That a provider's answer is lost, late, or an error."""
    undecided: float = 0.0
    """That a provider answers later: pending authorization, capture or refund."""
    decline: float = 0.0
    """That a provider says no."""
    mail: float = 0.0
    """That the mail server is away, or its answer is lost."""
    notice: float = 0.0
    """That a provider's notice is lost; it is sent again, and twice, anyway."""
    answer: float = 0.0
    """That an answer to a person is lost."""


CALM_MOMENT_SECONDS = 0.005
STRONG: dict[str, float] = {
    "crash": 0.04,
    "database": 0.03,
    "lost_commit": 0.04,
    "late_commit": 0.15,
    "twice": 0.35,
    "slow": 0.12,
    "frozen": 0.02,
    "publish": 0.08,
    "cut": 0.05,
    "gateway": 0.30,
    "undecided": 0.5,
    "decline": 0.25,
    "mail": 0.25,
    "notice": 0.5,
    "answer": 0.3,
}


class Chance:
    """The seed's only source of decisions.

    ``calm`` is a run in which nothing goes wrong and every step takes the same time: what is counted in it changes
    with the code alone.
    """

    def __init__(self, seed: int, *, strong: Sequence[str] = (), calm: bool = False) -> None:
        self._random = random.Random(seed)
        self.dangers = Dangers()
        self.happened: Counter[str] = Counter()
        self._calm = calm
        if calm:
            self.dangers = Dangers(twice=0)
            return
        for field in fields(Dangers):
            strength = self._random.random()
            if strength > 0.8:
                setattr(self.dangers, field.name, STRONG[field.name])
            elif strength > 0.45:
                mild = max(STRONG[field.name] / 4, getattr(self.dangers, field.name))
                setattr(self.dangers, field.name, mild)
        for name in strong:
            setattr(self.dangers, name, STRONG[name])

    def calm_down(self) -> None:
        """From now on nothing goes wrong any more; duplicates and reordering stay."""
        self.dangers = Dangers(twice=self.dangers.twice)

    def sometimes(self, what: str) -> None:
        """Note that something worth seeing happened."""
        self.happened[what] += 1

    def happens(self, probability: float, what: str = "") -> bool:
        """Decide; note ``what`` if it happens. In a calm run nothing does."""
        decided = not self._calm and probability > 0 and self._random.random() < probability
        if decided and what:
            self.sometimes(what)
        return decided

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``."""
        return choices[int(self._random.random() * len(choices))]

    def number(self, lowest: int, highest: int) -> int:
        """Return a whole number in ``lowest`` .. ``highest``."""
        return self._random.randint(lowest, highest)

    def seconds(self, least: float, most: float) -> float:
        """Return a span of time."""
        return self._random.uniform(least, most)

    def moment(self) -> float:
        """Return how long an ordinary step takes; now and then, where that is a danger, seconds."""
        if self._calm:
            return CALM_MOMENT_SECONDS
        if self.dangers.slow and self._random.random() < self.dangers.slow:
            return self._random.uniform(0.2, 6.0)
        return self._random.uniform(0.0002, 0.02)

    def uuid(self) -> UUID:
        """Return an identifier."""
        return UUID(int=self._random.getrandbits(128), version=4)
