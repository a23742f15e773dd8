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
    """A bug: its name, where reliability.md speaks of it, the promises that show it, and the parts with it.

    What else breaks does not count: a mutant that merely fails would be found, and prove nothing.
    """

    name: str
    source: str
    shown_by: tuple[str, ...]
    parts: Parts


# Money that goes back through a provider whose answers get lost; where nothing but the key keeps it from twice.
_PAID_BACK: dict[str, Any] = {
    "strong": ("gateway",),
    "kinds": ("konbini", "bank_transfer"),
    "plans": ("cancel at any moment", "cancel when all is done"),
}

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        Mutant("mark before publish", "§5.3", ("E1",), Parts(relay=relaying.MarksFirst)),
        Mutant("cursor relay", "§5.3, §3-9", ("L1", "E1"), Parts(relay=relaying.FollowsCursor)),
        Mutant(
            "inbox check outside the transaction",
            "§5.3, §3-11",
            ("E3", "O4", "P2"),
            Parts(worker=consuming.ChecksOutside),
        ),
        Mutant("new key on retry", "§5.3, §3-14", ("M1", "M4"), Parts(calls=paying.NewKeys, **_PAID_BACK)),
        Mutant("ack before commit", "§5.3", ("E1",), Parts(worker=consuming.AcksFirst)),
        Mutant("non-monotonic state", "§5.3, §3-10", ("O4",), Parts(functions=doing.BACKWARD)),
        Mutant("mail before commit", "§5.3", ("N1",), Parts(due_work=doing.mails_sent_first)),
        Mutant(
            "points without unique key",
            "§5.3",
            ("P2",),
            Parts(workers={"members.credit_order": consuming.NoInbox}, functions=doing.POINTS_TWICE),
        ),
        Mutant(
            "timeout is failure",
            "§5.3, §3-14",
            ("M1", "M2", "M3", "M6"),
            Parts(
                calls=paying.TimeoutIsFailure, strong=("gateway",), kinds=("amazon_pay",), plans=("serve",)
            ),
        ),
        Mutant("cancel ignores capture", "§5.3, §3-17", ("M2",), Parts(functions=doing.IGNORES_CAPTURE)),
        Mutant(
            "inbox pruned early",
            "§5.3, §3-12",
            ("E3", "P1", "P2", "O4"),
            Parts(besides=consuming.prune_early),
        ),
        Mutant(
            "relay dies of someone else's cancellation",
            "§3-1",
            ("L1",),
            Parts(publisher=relaying.LetsCancellationThrough, ends_with_core_tasks=False),
        ),
        Mutant("returned message counts as sent", "§3-2", ("E1",), Parts(publisher=relaying.TrustsReturns)),
        Mutant("failed message dropped", "§3-4, §3-23", ("E1",), Parts(worker=consuming.DropsFailures)),
        Mutant("transient messages", "§3-5", ("E1",), Parts(publisher=relaying.SendsTransient)),
        Mutant("timed-out publish counts as sent", "§3-6", ("E1",), Parts(relay=relaying.TrustsSilence)),
        Mutant("lost consumer not looked for", "§3-8", ("L1",), Parts(worker=consuming.NeverLooks)),
        Mutant("inbox not scoped by consumer", "§3-11", ("E1",), Parts(worker=consuming.OneInboxForAll)),
        Mutant("message in limbo", "§3-13", ("L1",), Parts(worker=consuming.LeavesInLimbo)),
        Mutant("idempotency key too long", "§3-15", ("G1",), Parts(calls=paying.LongKeys)),
        Mutant(
            "lost COMMIT retried as a new order",
            "§3-20",
            ("O3",),
            Parts(place=doing.new_key_when_tried_again),
        ),
        Mutant("work in the background of an ack", "§3-22", ("E1",), Parts(worker=consuming.WorksBehind)),
        Mutant(
            "wake-up is the only trigger",
            "§3-25",
            ("L1",),
            Parts(relay=relaying.never_looks, poll_seconds=relaying.NEVER_SECONDS),
        ),
        Mutant(
            "late hold forgotten",
            "§2-F32",
            ("M2",),
            Parts(
                calls=paying.ForgetsLateHolds,
                strong=("gateway",),
                kinds=("amazon_pay",),
                plans=("cancel at any moment",),
            ),
        ),
        Mutant(
            "paid numbers not looked at",
            "§2-F30",
            ("M6",),
            Parts(due_work=doing.looks_at_unpaid_numbers_only),
        ),
    )
}
