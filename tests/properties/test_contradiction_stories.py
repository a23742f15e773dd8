"""Any story of odd answers and deeds of staff, right or wrong: once the provider tells the truth, the books agree with it.

All objects are the order's own. So whatever staff disowned or denied was a mistake, or the truth at that moment.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run
from pydantic import TypeAdapter

from payments.calls import rules as call_rules
from payments.desk.call_labels import calls
from payments.desk.offers import offers
from payments.payment.claims import Claim
from payments.payment.locked_payments import end_mismatch_if_all_fits, settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    Unknown,
)
from payments.payment.rules.contradictions.count_again import count_again, may_be_counted_again
from payments.payment.rules.contradictions.deny import deny, may_deny
from payments.payment.rules.contradictions.disown import (
    disown,
    may_disown_hold,
    receipts_to_disown,
    refunds_to_disown,
)
from payments.payment.rules.drafting import Settled
from payments.payment.rules.moves import MoneyOperation, Operation
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.reports.objects import no_longer_reported
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from payments.requests.outcomes import outcome, settle_reply, with_doubt, without_disowned
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.requests.rows import ClaimedRequest
from payments.requests.stored_answers import StoredAnswer, answer_as_json
from shared.events import PaymentRefunded, RefundTakenBack
from tests.properties.profile import LONG, stories
from tests.properties.provider import AT, TOTAL, Provider

CARD = Terms(flow="authorized", deposit="capture", capture_days_max=30)
KONBINI = Terms(
    flow="prepaid", deposit="automatic", captured_source="provider_notice", deposit_mail="automatic"
)
DISK = TypeAdapter(Payment)
Way = Literal["ok", "odd", "odd_undone", "silence", "lost_answer"]
ways = st.sampled_from(["ok", "ok", "odd", "odd", "odd_undone", "silence", "lost_answer"])
STAFF = "佐藤"


@dataclass
class Row:
    """A stored request."""

    request_id: UUID
    operation: Operation
    sequence: int
    amount: int
    attempts: int = 0
    state: str = "open"
    answer: StoredAnswer | None = None

    @property
    def is_open(self) -> bool:
        """Whether its answer is still awaited."""
        return self.state in ("open", "unknown")

    def claimed(self) -> ClaimedRequest:
        """Return the row as the worker gets it."""
        return ClaimedRequest(
            self.request_id,
            UUID(int=1),
            self.operation,
            self.sequence,
            self.amount,
            self.answer,
            None,
            None,
            self.attempts,
            UUID(int=2),
        )


class Gate(ProviderGate):
    """The worker's way to the provider, in place of the gate: each call is answered in the ``way`` of the moment."""

    def __init__(self, provider: Provider, terms: Terms) -> None:
        self.provider = provider
        self.way: Way = "ok"
        self.methods: Any = {"any": type("Method", (), {"terms": terms})()}
        self.lists_sums = terms.deposit == "capture"

    async def look_up(self, payment: Payment) -> tuple[Answer, ...]:
        """Return what a look-up finds now."""
        return self.found(payment)

    def found(self, payment: Payment) -> tuple[Answer, ...]:
        """Return everything that the provider knows: here the sum of refunds, there complete lists."""
        told = [one for one in self.provider.known() if not isinstance(one, RefundedInAll)]
        before = payment.reported_refunds_amount
        if not self.lists_sums:
            return (*told, *unlisted(payment, told))
        return (*told, RefundedInAll(amount=self.provider.sums(Refunded), expected_before=before))

    async def make(self, operation: MoneyOperation, payment: Payment, *, amount: int, key: str) -> Answer:
        """Do the request, or not, and answer it, or answer something that does not fit."""
        if self.way in ("silence", "lost_answer", "ok"):
            return self.provider.asked(operation, amount, key, self.way)
        done = self.provider.asked(operation, amount, key, "ok") if self.way == "odd" else None
        unfit = Unknown(reason="other_reference", mismatch=True, to_request=True)
        if isinstance(done, Refunded):
            return replace(unfit, unfit_refund_ref=done.refund_ref)
        return replace(unfit, ref_of_others=payment.authorization_id or "of-nobody")


def unlisted(payment: Payment, told: Sequence[Answer]) -> Sequence[Answer]:
    """Return what a complete list says by what it does not contain."""
    receipts = [one.receipt_id for one in told if isinstance(one, Captured)]
    refunds = [one.refund_ref for one in told if isinstance(one, Refunded)]
    return no_longer_reported(payment, receipts=receipts, refunds=refunds)


class ContradictionStory(RuleBasedStateMachine):
    """One order's payment, a provider that answers oddly, and staff who decide rightly or wrongly."""

    seen: ClassVar[Counter[str]] = Counter()

    @initialize(terms=st.sampled_from([CARD, KONBINI]), paid=st.booleans())
    def an_order_is_placed(self, terms: Terms, paid: bool) -> None:
        self.terms = terms
        self.provider = Provider()
        self.gate = Gate(self.provider, terms)
        self.worker = Requests(self.gate)
        self.rows: list[Row] = []
        self.books: Counter[str] = Counter()
        self.published = 0
        self.lines: set[tuple[str, str]] = set()
        self.payment = Payment(
            payment_id=UUID(int=1), order_code="N1", method="any", amount=TOTAL, placed_at=AT
        )
        self.commit(order_wishes.begin(self.payment, terms))
        self.commit(order_wishes.issue_number(self.payment, terms, AT))
        self.perform("ok")
        if paid and terms is KONBINI:
            self.provider.deposit(TOTAL, "till")
        elif paid:
            self.commit(order_wishes.capture_after_shipping(self.payment, terms, AT))
            self.perform("ok")
        self.look(self.found())

    def found(self) -> tuple[Answer, ...]:
        """Return what an honest look-up finds now."""
        return self.gate.found(self.payment)

    def press(self, settled: Settled) -> None:
        """Write down what a deed decided that the page offers. It is never refused."""
        assert settled != Settled(self.payment), "an offered deed is possible"
        self.commit(settled)
        offers(self.payment, self.terms)
        calls(self.payment, self.terms)

    def commit(self, settled: Settled) -> None:
        """Write down what a rule decided, as the tables would take it."""
        for event in settled.events:
            if isinstance(event, PaymentRefunded | RefundTakenBack):
                assert event.amount > 0
                self.published += event.amount if isinstance(event, PaymentRefunded) else -event.amount
        for row in self.rows:
            if row.is_open and row.operation in settled.denied:
                row.state = "declined"
        for entry in settled.entries:
            assert (entry.reason, entry.subject) not in self.lines, "booked once"
            self.lines.add((entry.reason, entry.subject))
            self.books[entry.debit] += entry.amount
            self.books[entry.credit] -= entry.amount
        for ask in settled.requests:
            same = [
                one for one in self.rows if (one.operation, one.sequence) == (ask.operation, ask.sequence)
            ]
            known = [one for one in same if one.state != "declined"]
            if not known:
                key = UUID(int=100 + len(self.rows))
                self.rows.append(Row(key, ask.operation, ask.sequence, ask.amount))
            else:
                waits = ask.operation != "void" or settled.payment.state == "voiding"
                assert known[-1].is_open or not waits, f"never answered: {ask}"
        self.payment = DISK.validate_json(DISK.dump_json(settled.payment))
        self.seen.update([self.payment.state, *self.payment.calls])

    def look(self, told: tuple[Answer, ...]) -> None:
        """Settle a whole look-up."""
        settled = settle_answers(self.payment, None, told, AT, self.terms)
        self.commit(end_mismatch_if_all_fits(settled, told, AT, self.terms))

    def perform(self, way: Way) -> None:
        """Let the worker do the open requests, as the service does."""
        for row in [one for one in self.rows if one.is_open]:
            row.attempts += 1
            self.gate.way = way
            claim = Claim(row.claimed(), self.payment)
            answers = asyncio.run(self.worker.perform(claim))
            became = outcome(claim.row, without_disowned(self.payment, answers), AT)
            settled = settle_reply(self.payment, row.operation, answers, AT, self.terms, number=row.sequence)
            row.state, row.answer = became.state, answer_as_json(became.answer)
            self.commit(with_doubt(settled, became, row.attempts, AT, self.terms))

    # ---------- what happens ----------

    @rule(way=ways)
    def a_worker_asks_the_provider(self, way: Way) -> None:
        self.perform(way)

    @rule()
    def the_watch_looks(self) -> None:
        self.look(self.found())

    @precondition(lambda self: self.payment.state == "authorized")
    @rule()
    def a_look_tells_the_hold_of_another(self) -> None:
        named = self.payment.authorization_id
        self.look((Unknown(reason="other_reference", mismatch=True, ref_of_others=named),))

    @rule(pick=st.integers(0, 5))
    def a_look_tells_money_of_another(self, pick: int) -> None:
        named = [*self.payment.receipts, *self.payment.refunds, "stranger"]
        doubt = Unknown(reason="other_reference", mismatch=True, ref_of_others=named[pick % len(named)])
        self.look((doubt,))

    @rule(kind=st.sampled_from([Captured, Refunded]))
    def a_look_tells_money_no_more(self, kind: type[Answer]) -> None:
        told = tuple(one for one in self.found() if not isinstance(one, kind | RefundedInAll))
        self.look((*told, *unlisted(self.payment, told)))

    @precondition(lambda self: self.terms is CARD)
    @rule(amount=st.sampled_from([0, 500, 2_000, TOTAL, 4_000]))
    def a_look_tells_another_sum_of_refunds(self, amount: int) -> None:
        told = tuple(one for one in self.found() if not isinstance(one, RefundedInAll))
        before = self.payment.reported_refunds_amount
        self.look((*told, RefundedInAll(amount=amount, expected_before=before)))
        self.seen["refund reported beyond the money"] += amount > self.provider.sums(Captured)

    @precondition(lambda self: self.payment.refund_amounts)
    @rule(pick=st.integers(0, 3))
    def a_look_tells_that_a_refund_failed(self, pick: int) -> None:
        refs = list(self.payment.refund_amounts)
        failed = RefundDeclined(reason="failed", refund_ref=refs[pick % len(refs)])
        told = [one for one in self.found() if getattr(one, "refund_ref", "") != failed.refund_ref]
        self.look((failed, *told))

    @precondition(lambda self: self.terms is CARD and self.provider.money > 0)
    @rule(really=st.sampled_from([False, False, True]))
    def more_is_refunded_in_the_console_than_there_is(self, really: bool) -> None:
        if really:
            self.provider.give_back_too_much(self.provider.money + 400)
            self.seen["refunded beyond the money"] += 1

    @rule(kind=st.sampled_from([Captured, Refunded]), amount=st.sampled_from([700, 2_000, 4_000]))
    def a_look_tells_money_with_another_amount(self, kind: type[Answer], amount: int) -> None:
        told = [one for one in self.found() if not isinstance(one, RefundedInAll)]
        odd = [
            replace(one, amount=amount)
            if isinstance(one, Captured | Refunded) and isinstance(one, kind)
            else one
            for one in told
        ]
        self.look(tuple(odd))

    @precondition(lambda self: self.terms is KONBINI and self.provider.holds and not self.provider.money)
    @rule()
    def the_buyer_pays_the_number(self) -> None:
        self.provider.deposit(TOTAL, f"till-{len(self.provider.done)}")

    @precondition(lambda self: self.terms is CARD and self.provider.holds and not self.provider.money)
    @rule()
    def the_hold_is_captured_in_the_console(self) -> None:
        hold = self.provider.hold_id
        self.provider.done.append(Captured(amount=TOTAL, captured_at=AT, receipt_id=f"console-{hold}"))

    @precondition(lambda self: self.provider.money > 0)
    @rule(amount=st.sampled_from([500, TOTAL]), named=st.booleans())
    def money_is_refunded_in_the_console(self, amount: int, named: bool) -> None:
        named = named or self.terms is KONBINI
        self.provider.give_back_by_hand(min(amount, self.provider.money), named=named)

    @rule(really=st.sampled_from([False, False, True]))
    def the_order_is_cancelled(self, really: bool) -> None:
        if really:
            self.commit(order_wishes.cancel(self.payment, AT))

    @rule()
    def the_order_is_shipped(self) -> None:
        self.commit(order_wishes.capture_after_shipping(self.payment, self.terms, AT))

    # ---------- what staff press ----------

    @rule(pick=st.integers(0, 5))
    def staff_disown_what_is_doubted(self, pick: int) -> None:
        payment = self.payment
        hold = [payment.authorization_id] if may_disown_hold(payment) else []
        doubted = [
            *refunds_to_disown(payment),
            *receipts_to_disown(payment),
            *hold,
        ]
        if doubted:
            ref = doubted[pick % len(doubted)]
            self.press(disown(payment, self.terms, AT, ref=ref, by=STAFF))
            self.seen["disowned"] += 1

    @precondition(lambda self: may_deny(self.payment))
    @rule()
    def staff_deny_the_request(self) -> None:
        self.press(deny(self.payment, self.terms, AT, by=STAFF))
        self.seen["denied"] += 1

    @rule(done=st.booleans(), wish=st.sampled_from(["refund", "cancel", "none"]))
    def an_odd_answer_is_denied(self, done: bool, wish: str) -> None:
        if wish == "refund":
            self.staff_have_the_money_refunded()
        elif wish == "cancel":
            self.commit(order_wishes.cancel(self.payment, AT))
        self.perform("odd" if done else "odd_undone")
        if may_deny(self.payment):
            self.staff_deny_the_request()
            self.seen["done and denied"] += done

    @rule(kind=st.sampled_from([Captured, Refunded]), hold=st.booleans())
    def an_odd_look_leads_staff_to_disown(self, kind: type[Answer], hold: bool) -> None:
        if hold and self.payment.state == "authorized":
            self.a_look_tells_the_hold_of_another()
        else:
            self.a_look_tells_money_no_more(kind)
        self.staff_disown_what_is_doubted(0)

    @rule()
    def staff_count_an_object_again(self) -> None:
        for ref in list(may_be_counted_again(self.payment))[:1]:
            self.seen[f"{self.payment.disowned[ref].kind} counted again"] += 1
            self.press(count_again(self.payment, self.terms, AT, ref=ref, by=STAFF))

    @precondition(lambda self: bool(call_rules.calls_to_mark_seen(self.payment)))
    @rule()
    def staff_have_seen_what_called_them(self) -> None:
        self.seen["told again seen"] += bool(self.payment.reported_again)
        self.press(call_rules.mark_seen(self.payment, self.terms, AT, by=STAFF))

    @rule()
    def staff_have_the_money_refunded(self) -> None:
        if any(one.is_open and one.operation == "refund" for one in self.rows):
            return
        if refund_rules.may_refund_again(self.payment):
            self.press(refund_rules.refund_again(self.payment, self.terms, AT, by=STAFF))
        elif refund_rules.part_refund_max(self.payment, self.terms) >= 500:
            self.commit(
                refund_rules.refund_part(self.payment, self.terms, AT, amount=500, reason="傷", by=STAFF)
            )

    @invariant()
    def a_true_deed_is_offered_while_contradicted(self) -> None:
        payment = self.payment
        if payment.contradicted:
            waits = payment.awaits_an_answer or any("counted_again_" in name for name in payment.refs)
            assert call_rules.may_end_mismatch(payment) or may_be_counted_again(payment) or waits

    @invariant()
    def no_deed_that_is_offered_is_refused(self) -> None:
        payment, terms = self.payment, self.terms
        if call_rules.calls_to_mark_seen(payment):
            assert call_rules.mark_seen(payment, terms, AT, by=STAFF) != Settled(payment)
        if may_deny(payment):
            assert deny(payment, terms, AT, by=STAFF) != Settled(payment)
        for ref in may_be_counted_again(payment):
            assert count_again(payment, terms, AT, ref=ref, by=STAFF) != Settled(payment)
        hold = [payment.authorization_id] if may_disown_hold(payment) else []
        for ref in (*refunds_to_disown(payment), *receipts_to_disown(payment), *hold):
            assert disown(payment, terms, AT, ref=ref, by=STAFF) != Settled(payment)

    @invariant()
    def what_is_booked_is_not_disowned(self) -> None:
        assert not [ref for ref in self.payment.disowned if self.payment.has_booked(ref)]

    @invariant()
    def the_books_balance(self) -> None:
        assert sum(self.books.values()) == 0
        assert self.books["receivable"] == self.payment.held_amount - self.payment.lost_amount
        assert self.payment.held_amount >= 0
        assert self.provider.money >= -self.provider.too_much, "no more goes back than came"
        told = sum(loss.amount for loss in self.payment.losses if loss.published)
        assert self.published == self.payment.refunded_amount + told, "the mails say what is booked"

    # ---------- how it ends ----------

    def what_the_page_offers(self) -> None:
        """Press what is true: every object is the order's own, and a request was done only if the provider says so."""
        for ref in may_be_counted_again(self.payment):
            self.press(count_again(self.payment, self.terms, AT, ref=ref, by=STAFF))
        undone = [one for one in self.rows if one.is_open and one.request_id.hex not in self.provider.answers]
        if may_deny(self.payment) and undone:
            self.press(deny(self.payment, self.terms, AT, by=STAFF))
        if MISMATCH in call_rules.calls_to_mark_seen(self.payment):
            self.press(call_rules.mark_seen(self.payment, self.terms, AT, by=STAFF))
        if refund_rules.may_refund_again(self.payment):
            self.press(refund_rules.refund_again(self.payment, self.terms, AT, by=STAFF))

    def teardown(self) -> None:
        """Let the provider tell the truth, and staff press what is true of what the page offers."""
        if not hasattr(self, "provider"):
            return
        for _ in range(6):
            self.perform("ok")
            self.look(self.found())
            self.what_the_page_offers()
            self.look(self.found())
        payment = self.payment
        assert not [one for one in self.rows if one.is_open], "every request comes to an end"
        assert not payment.contradicted, "the truth clears every doubt"
        assert payment.held_amount - payment.lost_amount == self.provider.money, "the books agree"
        by_refunds = any(loss.kind == "refund" for loss in payment.losses)
        assert not (payment.held_amount and by_refunds), "money that is here covers what went out"
        if payment.order_cancelled:
            assert not payment.held_amount or payment.calls, "what is here goes back, or a person is called"
            assert not self.provider.holds or self.terms is KONBINI, "nothing stays held"
        elif self.terms is CARD:
            held = payment.state in ("authorized", "capturing")
            assert held == self.provider.holds, "the order knows its hold"
            self.seen["held at the end"] += held
        if payment.state == "authorized":
            assert self.provider.count(Authorized) == 1


def test_the_truth_is_found_after_any_contradiction() -> None:
    ContradictionStory.seen.clear()
    run(ContradictionStory, settings=stories(short=250, steps=14, long=2_000))
    rare = {"disowned", "denied", "told again seen", "answer_mismatch", "captured", "refunded"}
    rare |= {"refund reported beyond the money", "refunded beyond the money"}
    rare |= {"receipt counted again", "refund counted again", "hold counted again"} if LONG else set()
    assert not rare - set(ContradictionStory.seen), "each interesting thing happened at least once"
