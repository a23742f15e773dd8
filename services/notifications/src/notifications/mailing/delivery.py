"""The life cycle of a mail: its states, and the next state after each answer of a mail server."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["queued", "sending", "sent", "refused", "gave_up", "suppressed"]

# State before -> states after. `queued` again: put off until later. Staff may queue an undelivered mail anew.
# A queued mail, or one whose worker died, may become outdated before the next try.
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
    """The server accepted the mail (250 after the data)."""

    answer: str


@dataclass(frozen=True, slots=True)
class Later:
    """The server is unreachable or answered 4xx. It accepted nothing."""

    answer: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The mail was sent and no answer arrived. The server may have accepted it."""

    answer: str


@dataclass(frozen=True, slots=True)
class RefusedByServer:
    """The server answered 5xx to this mail. An unchanged retry would fail again."""

    answer: str
    code: int


ServerAnswer = Accepted | Later | Unknown | RefusedByServer


@dataclass(frozen=True, slots=True)
class Verdict:
    """The next state of the mail and, if it is retried, the time of the retry."""

    state: State
    due_at: datetime | None = None


def judge(answer: ServerAnswer, *, attempts: int, first_tried_at: datetime, at: datetime) -> Verdict:
    """Return the verdict on a mail after ``answer`` to the ``attempts``-th try, at the moment ``at``.

    A mail with an unknown outcome is retried with the same Message-ID. A duplicate is better than a lost mail (N1).
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
    """Return the pause after the ``attempts``-th try. It starts at 10 s and doubles up to four minutes."""
    doublings = min(max(attempts, 1) - 1, 10)
    return min(PAUSE_FIRST * (1 << doublings), PAUSE_MAX)
