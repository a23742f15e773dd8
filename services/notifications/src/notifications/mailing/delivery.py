"""The life of one mail: its states, and what each answer of a mail server makes of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["queued", "sending", "sent", "refused", "gave_up", "suppressed"]

# State before -> states after. `queued` again: put off until later. Staff may queue an undelivered mail anew.
# What is queued, or was in hand when its worker died, may have become untrue before the next try.
NEXT: dict[State, frozenset[State]] = {
    "queued": frozenset({"sending", "suppressed"}),
    "sending": frozenset({"sending", "sent", "queued", "refused", "gave_up", "suppressed"}),
    "refused": frozenset({"queued"}),
    "gave_up": frozenset({"queued"}),
    "sent": frozenset(),
    "suppressed": frozenset(),
}

UNDELIVERED: tuple[State, ...] = ("refused", "gave_up")
RESENDABLE: tuple[State, ...] = tuple(state for state, after in NEXT.items() if after == {"queued"})

PAUSE_FIRST = timedelta(seconds=10)
# A recovered server has every waiting mail within five minutes (promise N1).
PAUSE_MAX = timedelta(minutes=4)
TRY_FOR_MAX = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the mail (250 after the data)."""

    answer: str


@dataclass(frozen=True, slots=True)
class Later:
    """The server is away, or said 4xx: nothing was accepted."""

    answer: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The mail was handed over and no answer came: the server may have it or not."""

    answer: str


@dataclass(frozen=True, slots=True)
class RefusedByServer:
    """The server said 5xx to this mail; asking again unchanged will not help."""

    answer: str
    code: int


ServerAnswer = Accepted | Later | Unknown | RefusedByServer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the mail: its next state and, if it is to be tried again, when."""

    state: State
    due_at: datetime | None = None


def judge(answer: ServerAnswer, *, attempts: int, first_tried_at: datetime, at: datetime) -> Verdict:
    """Return what ``answer`` to the ``attempts``-th try makes of a mail, at the moment ``at``.

    An unknown outcome is tried again with the same Message-ID: a receipt twice is better than none (N1).
    """
    match answer:
        case Accepted():
            return Verdict("sent")
        case RefusedByServer():
            return Verdict("refused")
        case Later() | Unknown():
            if at - first_tried_at >= TRY_FOR_MAX:
                return Verdict("gave_up")
            return Verdict("queued", at + pause_after(attempts))


def pause_after(attempts: int) -> timedelta:
    """Return the pause after the ``attempts``-th try: 10 s, doubling, four minutes at most."""
    doublings = min(max(attempts, 1) - 1, 10)
    return min(PAUSE_FIRST * (1 << doublings), PAUSE_MAX)
