"""Broken parts, each with a bug that such systems have had: tests of the tests.

Every mutant is a small class or function that takes the place of a real part through
:class:`proof.simulation.parts.Parts`. The simulation must find each; a mutant that it cannot find means that
nothing proves its hazard absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proof.simulation.mutants import consuming, doing, paying, relaying
from proof.simulation.parts import Parts


@dataclass(frozen=True)
class Mutant:
    """A bug: its name, the promises that show it, and the parts with it.

    What else breaks does not count: a mutant that merely fails would be found, and prove nothing. ``not_by`` are words of
    those complaints about these promises that the bug brings about by itself, whether or not it does harm.
    """

    name: str
    shown_by: tuple[str, ...]
    parts: Parts
    not_by: str = ""

    def is_shown_by(self, complaint: str) -> bool:
        """Return whether ``complaint``, which begins with a promise's id, counts as having found the bug."""
        caused = bool(self.not_by) and self.not_by in complaint
        return complaint.split()[0] in self.shown_by and not caused


# Money that goes back through a provider whose answers get lost; where nothing but the key keeps it from twice.
_PAID_BACK: dict[str, Any] = {
    "strong": ("gateway",),
    "kinds": ("konbini", "bank_transfer"),
    "plans": ("cancel at any moment", "cancel when all is done"),
}

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        Mutant("mark before publish", ("E1",), Parts(relay=relaying.MarksFirst)),
        Mutant("cursor relay", ("L1", "E1"), Parts(relay=relaying.FollowsCursor)),
        Mutant(
            "inbox check outside the transaction",
            ("E3", "O4", "P2"),
            Parts(worker=consuming.ChecksOutside),
        ),
        Mutant("new key on retry", ("M1", "M4"), Parts(gate=paying.NewKeys, **_PAID_BACK)),
        Mutant("ack before commit", ("E1",), Parts(worker=consuming.AcksFirst)),
        Mutant("non-monotonic state", ("O4",), Parts(functions=doing.BACKWARD)),
        Mutant("mail before commit", ("N1",), Parts(due_work=doing.mails_sent_first)),
        Mutant(
            "points without unique key",
            ("P2",),
            Parts(workers={"members.credit_order": consuming.NoInbox}, functions=doing.POINTS_TWICE),
        ),
        Mutant(
            "timeout is failure",
            ("M1", "M2", "M3", "M6"),
            Parts(gate=paying.TimeoutIsFailure, strong=("gateway",), kinds=("amazon_pay",), plans=("serve",)),
        ),
        Mutant("cancel ignores capture", ("M2",), Parts(functions=doing.IGNORES_CAPTURE)),
        Mutant(
            "inbox pruned early",
            ("E3", "P1", "P2", "O4"),
            Parts(besides=consuming.prune_early, strong=("twice", "slow", "cut")),
            # What is forgotten looks as if it had never been heard: only a second effect is the harm.
            not_by="was never heard",
        ),
        Mutant(
            "relay dies of someone else's cancellation",
            ("L1",),
            Parts(publisher=relaying.LetsCancellationThrough, ends_with_core_tasks=False),
        ),
        Mutant("returned message counts as sent", ("E1",), Parts(publisher=relaying.TrustsReturns)),
        Mutant("failed message dropped", ("E1",), Parts(worker=consuming.DropsFailures)),
        Mutant("transient messages", ("E1",), Parts(publisher=relaying.SendsTransient)),
        Mutant("timed-out publish counts as sent", ("E1",), Parts(relay=relaying.TrustsSilence)),
        Mutant("lost consumer not looked for", ("L1",), Parts(worker=consuming.NeverLooks)),
        Mutant("inbox not scoped by consumer", ("E1",), Parts(worker=consuming.OneInboxForAll)),
        Mutant("message in limbo", ("L1",), Parts(worker=consuming.LeavesInLimbo)),
        Mutant("idempotency key too long", ("G1",), Parts(gate=paying.LongKeys)),
        Mutant(
            "lost COMMIT retried as a new order",
            ("O3",),
            Parts(place=doing.new_key_when_tried_again),
        ),
        Mutant("work in the background of an ack", ("E1",), Parts(worker=consuming.WorksBehind)),
        Mutant(
            "wake-up is the only trigger",
            ("L1",),
            Parts(relay=relaying.never_looks, poll_seconds=relaying.NEVER_SECONDS),
        ),
        Mutant(
            "late hold forgotten",
            ("M2",),
            Parts(
                gate=paying.ForgetsLateHolds,
                strong=("gateway",),
                kinds=("amazon_pay",),
                plans=("cancel at any moment",),
            ),
        ),
        Mutant(
            "paid numbers not looked at",
            ("M6",),
            Parts(due_work=doing.looks_at_unpaid_numbers_only),
        ),
    )
}
