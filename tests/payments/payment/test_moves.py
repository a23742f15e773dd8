"""The table of a payment's moves, and what no order of answers may break."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.drafting import Settled
from payments.payment.rules.moves import (
    NEXT,
    OVER,
    HoldHereAgain,
    NothingLeft,
    ReauthorizationRequested,
    RecordTakenBack,
    SaleHereAgain,
    ShortMoneyAccepted,
    ShortMoneyHere,
    State,
)
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms
from shared.events import PaymentCaptured, PaymentRefunded

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
CARD = Terms(flow="authorized", deposit="capture", capture_days_max=30)
PARTS = Terms(flow="authorized", deposit="capture", may_reauthorize=True, part_captures=True)
PREPAID = Terms(flow="prepaid", deposit="automatic", captured_source="provider_notice")
PAYMENT = Payment(payment_id=UUID(int=1), order_code="N1", method="any", amount=3_300, placed_at=AT)

receipts = st.sampled_from(["r1", "r2", "r3"])
answers: st.SearchStrategy[Answer] = st.one_of(
    st.just(Authorized(authorization_id="a1", amount=3_300, authorized_at=AT)),
    st.just(Declined(reason="declined")),
    st.just(NeedsBuyer(redirect_url="http://provider.test")),
    st.just(Waiting()),
    st.just(Issued(number="1", number_label="番号", due_at=AT + timedelta(days=6))),
    st.builds(
        Captured,
        amount=st.sampled_from([1_000, 2_300, 3_300, 5_000]),
        captured_at=st.just(AT),
        receipt_id=receipts,
    ),
    st.just(CaptureDeclined(reason="x")),
    st.just(CaptureRefused(reason="x")),
    st.just(Voided()),
    st.just(Expired()),
    st.just(RefundWaiting()),
    st.just(RefundDeclined(reason="x")),
    st.just(Unknown(reason="timeout")),
)
moves = st.lists(
    st.one_of(answers, st.sampled_from(["ship", "staff", "part", "cancel", "stock", "refund"])), max_size=14
)


def run(terms: Terms, story: Sequence[Answer | str]) -> list[Settled]:
    """Apply a story to a fresh payment; a refund is what was asked for, once it was."""
    begun = order_wishes.begin(PAYMENT, terms)
    whole, payment = [begun], begun.payment
    asked_back: list[int] = []
    for number, move in enumerate(story):
        match move:
            case "ship":
                settled = order_wishes.capture_after_shipping(payment, terms, AT)
            case "staff":
                settled = order_wishes.capture_for_staff(payment, terms, AT, send_mail=False)
            case "part":
                settled = order_wishes.capture_for_staff(payment, terms, AT, send_mail=False, amount=1_000)
            case "cancel":
                settled = order_wishes.cancel(payment, AT)
            case "stock":
                settled = order_wishes.issue_number(payment, terms, AT)
            case "refund":
                if not asked_back:
                    continue
                answer = Refunded(refund_ref=f"f{number}", amount=asked_back.pop())
                settled = settle_answer(payment, "refund", answer, AT, terms)
            case str():
                raise AssertionError(move)
            case _:
                settled = settle_answer(payment, None, move, AT, terms)
        asked_back += [ask.amount for ask in settled.requests if ask.operation == "refund"]
        payment = settled.payment
        whole.append(settled)
    return whole


stories = given(st.sampled_from([CARD, PARTS, PREPAID]), moves)


def test_every_state_has_moves_and_every_move_leads_to_a_state() -> None:
    assert set(NEXT) == set(State.__args__)  # type: ignore[attr-defined]
    assert {state for moves in NEXT.values() for state in moves.values()} <= set(NEXT)


def test_what_is_over_is_left_only_for_money_or_at_a_wish() -> None:
    for state in OVER:
        by_others = (
            *(ReauthorizationRequested, NothingLeft, RecordTakenBack, ShortMoneyHere),
            *(SaleHereAgain, ShortMoneyAccepted, HoldHereAgain),
        )
        left = {by: to for by, to in NEXT[state].items() if by not in by_others}
        assert set(left.values()) <= {"refunding"}


@settings(max_examples=300, deadline=None)
@stories
def test_history_is_gapless_and_follows_the_table(terms: Terms, story: list[Answer | str]) -> None:
    state, version = order_wishes.begin(PAYMENT, terms).payment.state, 1
    for settled in run(terms, story):
        for step in settled.steps:
            assert step.version == version + 1
            assert step.state == state or step.state in NEXT[state].values()
            state, version = step.state, step.version
        assert (settled.payment.state, settled.payment.version) == (state, version)


@settings(max_examples=300, deadline=None)
@stories
def test_every_yen_that_came_is_sales_or_suspense_or_returned(
    terms: Terms, story: list[Answer | str]
) -> None:
    whole = run(terms, story)
    balance = dict.fromkeys(("receivable", "sales", "suspense", "refunds"), 0)
    for entry in (entry for settled in whole for entry in settled.entries):
        assert entry.amount > 0
        balance[entry.debit] += entry.amount
        balance[entry.credit] -= entry.amount
    payment = whole[-1].payment
    assert sum(balance.values()) == 0
    assert balance["receivable"] == payment.held_amount
    assert payment.refunded_amount <= payment.captured_amount + payment.suspense_amount


@settings(max_examples=300, deadline=None)
@stories
def test_captured_is_said_once_and_never_after_cancellation(terms: Terms, story: list[Answer | str]) -> None:
    said = 0
    for settled in run(terms, story):
        captured = sum(isinstance(event, PaymentCaptured) for event in settled.events)
        said += captured
        assert not (captured and settled.payment.order_cancelled)
    assert said <= 1


@settings(max_examples=300, deadline=None)
@stories
def test_money_is_asked_back_only_for_orders_that_are_over(terms: Terms, story: list[Answer | str]) -> None:
    payment = PAYMENT
    for settled in run(terms, story):
        # Over before, or by this very answer: a payment that fails gives back what had come of its money, and what
        # comes while it gives back.
        over = payment.state in (*OVER, "refunding") or any(step.state in OVER for step in settled.steps)
        for ask in settled.requests:
            if ask.operation == "refund":
                assert settled.payment.order_cancelled or over or settled.payment.number
                assert 0 < ask.amount == settled.payment.held_amount
        payment = settled.payment


@settings(max_examples=200, deadline=None)
@stories
def test_hearing_everything_twice_changes_nothing_more(terms: Terms, story: list[Answer | str]) -> None:
    once = [move for move in story if not isinstance(move, NeedsBuyer)]
    doubled = [copy for move in once for copy in ([move] if isinstance(move, str) else [move, move])]
    first, second = run(terms, once)[-1].payment, run(terms, doubled)[-1].payment
    assert first.held_amount + first.refunded_amount == second.held_amount + second.refunded_amount


def test_a_refund_that_failed_is_left_to_a_person() -> None:
    paid = replace(
        PAYMENT, state="refunding", version=9, captured_amount=3_300, receipts=("r1",), order_cancelled=True
    )
    failed = settle_answer(paid, "refund", RefundDeclined(reason="x"), AT, CARD)
    again = settle_answer(failed.payment, None, Unknown(reason="timeout"), AT, CARD)
    assert (failed.payment.calls, failed.requests, again.requests) == (("refund_failed",), (), ())
    assert not any(isinstance(event, PaymentRefunded) for event in failed.events)
