"""Any story of one mail: what the server answers, who dies in between, and how long we try."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from notifications.mailing.delivery import (
    NEXT,
    PAUSE_MAX,
    RESENDABLE,
    TRY_FOR_MAX,
    UNDELIVERED,
    Accepted,
    Later,
    RefusedByServer,
    ServerAnswer,
    State,
    Unknown,
    judge,
    pause_after,
)
from tests.properties.profile import LONG, stories

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
LEASE = timedelta(seconds=90)
answers: st.SearchStrategy[ServerAnswer] = st.sampled_from(
    [
        Later("451 later", 451),
        Later("connection refused"),
        Unknown("no answer after the data"),
        Accepted("250 ok"),
        RefusedByServer("550 no such user", 550),
    ]
)


class MailStory(RuleBasedStateMachine):
    """A mail with its tries, its server, and a clock that only goes forward."""

    seen: ClassVar[Counter[str]] = Counter()

    @initialize()
    def a_mail_is_queued(self) -> None:
        self.now = AT
        self.state: State = "queued"
        self.due_at: datetime | None = AT
        self.leased_until: datetime | None = None
        self.attempts = 0
        self.first_tried_at: datetime | None = None
        self.copies_at_the_server = 0
        self.copies_told_of = 0
        self.kills = 0
        self.lost_answers = 0

    def become(self, state: State) -> None:
        """Take an edge of the table."""
        assert state in NEXT[self.state], f"{self.state} to {state}"
        self.state = state
        self.seen[state] += 1

    @property
    def claimable(self) -> bool:
        """Tell whether due work would take the mail now."""
        leased = self.leased_until is not None and self.leased_until > self.now
        return self.due_at is not None and self.due_at <= self.now and not leased

    @precondition(lambda self: self.claimable)
    @rule(answer=answers, dies=st.sampled_from(["no", "no", "no", "before", "after"]))
    def a_worker_takes_it(self, answer: ServerAnswer, dies: str) -> None:
        self.attempts += 1
        self.leased_until = self.now + LEASE
        if self.first_tried_at is None:
            self.first_tried_at = self.now
        self.become("sending")
        if dies == "before":
            self.kills += 1
            return
        self.copies_at_the_server += isinstance(answer, Accepted | Unknown)
        self.lost_answers += isinstance(answer, Unknown)
        if dies == "after":
            self.kills += 1
            return
        verdict = judge(answer, attempts=self.attempts, first_tried_at=self.first_tried_at, at=self.now)
        self.become(verdict.state)
        self.due_at, self.leased_until = verdict.due_at, None
        self.copies_told_of += verdict.state == "sent"
        match verdict.state:
            case "queued":
                assert verdict.due_at is not None
                pause = verdict.due_at - self.now
                assert timedelta(seconds=10) <= pause <= PAUSE_MAX, "N1: five minutes after its return"
                assert self.now - self.first_tried_at < TRY_FOR_MAX
            case "gave_up":
                assert self.now - self.first_tried_at >= TRY_FOR_MAX, "not before a day is over"
                assert verdict.due_at is None
            case state:
                assert state == ("sent" if isinstance(answer, Accepted) else "refused")
                assert verdict.due_at is None

    @rule(seconds=st.sampled_from([1, 11, 60, 250, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def staff_queue_it_anew(self) -> None:
        if self.state not in RESENDABLE:
            assert "queued" not in NEXT[self.state] or self.state == "sending"
            return
        self.become("queued")
        self.due_at, self.first_tried_at, self.attempts = self.now, None, 0
        self.seen["queued anew"] += 1

    @invariant()
    def what_waits_has_a_time_and_what_is_over_has_none(self) -> None:
        assert (self.due_at is not None) == (self.state in ("queued", "sending"))

    @invariant()
    def sent_means_accepted_and_more_copies_are_counted(self) -> None:
        if self.state == "sent":
            assert self.copies_at_the_server >= 1
            assert NEXT["sent"] == frozenset(), "sent is for ever"
        assert self.copies_told_of <= 1, "N1"
        assert self.copies_at_the_server <= 1 + self.kills + self.lost_answers, "N1"


def test_a_mail_is_accepted_or_somebody_is_told_after_any_story() -> None:
    MailStory.seen.clear()
    run_state_machine_as_test(MailStory, settings=stories(short=100))
    rare = {"sent", "queued", "refused"} | ({"gave_up", "queued anew"} if LONG else set())
    assert rare <= set(MailStory.seen)


def test_pauses_double_from_ten_seconds_to_four_minutes() -> None:
    seconds = [pause_after(attempts).total_seconds() for attempts in (0, 1, 2, 3, 4, 5, 6, 7, 40)]
    assert seconds == [10, 10, 20, 40, 80, 160, 240, 240, 240]


def test_only_what_was_not_delivered_may_be_sent_again() -> None:
    assert set(RESENDABLE) == set(UNDELIVERED) == {"refused", "gave_up"}
    assert {state for states in NEXT.values() for state in states} <= set(NEXT)
