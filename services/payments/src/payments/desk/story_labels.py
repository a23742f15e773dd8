"""All that is on record about a payment, in words: journal, history, requests to the provider, its notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from payments.desk.answer_labels import ANSWERS, REFUSALS, answer_label
from payments.desk.history_labels import cause, is_refusal
from payments.desk.journal_labels import ACCOUNTS, REASONS
from payments.desk.rows import RequestOnRecord, Story
from payments.payment.labels import STATES, in_pieces, state_label
from payments.payment.records import HistoryStep, JournalLine
from payments.payment.rules.moves import Operation
from shared.shop.labels import Mark
from shared.web.filters import yen


@dataclass(frozen=True, slots=True)
class AmountLine:
    """A line of the journal in words, in yen."""

    at: datetime
    reason: str
    account: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """A state that the payment became, as the timeline shows it."""

    at: datetime
    title: str
    text: str
    by: str
    kind: Mark


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request to the provider and its answer in words; ``code`` is the provider's own reason."""

    operation: Operation
    amount: int
    state: str
    at: datetime
    attempts: int
    answer: str
    reason: str
    code: str
    key: list[str]


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice of the provider."""

    at: datetime
    summary: str
    state: str
    id: list[str]


@dataclass(frozen=True, slots=True)
class StoryInWords:
    """All that is on record about a payment, in words."""

    amount_lines: list[AmountLine]
    timeline: list[TimelineLine]
    requests: list[RequestLine]
    notices: list[NoticeLine]


def story_in_words(story: Story) -> StoryInWords:
    """Return all that is on record about the payment, in words."""
    return StoryInWords(
        amount_lines=[_amount_line(line) for line in story.journal],
        timeline=[_timeline_line(step, story) for step in story.history],
        requests=[_request_line(request) for request in story.requests],
        notices=[
            NoticeLine(one.received_at, one.summary, one.state, in_pieces(one.notice_id))
            for one in story.notices
        ],
    )


def _amount_line(line: JournalLine) -> AmountLine:
    reason, account = REASONS.of(line.reason), ACCOUNTS.of(line.account)
    return AmountLine(line.at, reason, account, line.debit, line.credit)


def _timeline_line(step: HistoryStep, story: Story) -> TimelineLine:
    note = f"（{REFUSALS.get(step.note, step.note)}）" if step.note else ""
    return TimelineLine(
        step.at,
        title=state_label(step.state),
        text=" ".join(filter(None, (cause(step.because), _amount_of(step, story)))) + note,
        by=step.by or "決済サービス",
        kind="stop" if is_refusal(step.because) else STATES.of(step.state)[1],
    )


def _request_line(request: RequestOnRecord) -> RequestLine:
    reason = (request.answer or {}).get("reason", "")
    return RequestLine(
        request.operation,
        request.amount,
        request.state,
        at=request.answered_at or request.written_at,
        attempts=request.attempts,
        answer=_answered(request),
        reason=REFUSALS.get(reason, ""),
        code=_providers_code(reason),
        key=in_pieces(request.request_id.hex),
    )


def _amount_of(step: HistoryStep, story: Story) -> str:
    """Return the yen that a line of history is about, "" where it is about none: what was booked with it, else what was
    asked of the provider then or before."""
    if step.note.startswith("¥"):
        return ""
    operation, _, answer = step.because.partition(": ")
    about = _ASKED_FOR.get(answer, (operation,))
    before = [
        row
        for row in story.requests
        if (row.written_at == step.at if answer not in ANSWERS else row.written_at <= step.at)
        and (answer not in ANSWERS or row.operation in about)
    ]
    way = _BOOKED.get(answer)
    booked = [line for line in story.journal if line.at == step.at and line.account == "receivable"]
    moved = sum(getattr(line, way) if way else line.debit + line.credit for line in booked)
    asked = before[0].amount if before and not way else 0
    return yen(asked or moved) if asked or moved else ""


# How the books tell of an answer, and which requests one is about that a look at the provider may bring, too.
_BOOKED = {"Captured": "debit", "Refunded": "credit", "RefundedInAll": "credit", "Reversed": "credit"}
_ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "Authorized": ("authorize", "reauthorize"),
    "Declined": ("authorize", "reauthorize"),
    "Issued": ("issue",),
    "CaptureDeclined": ("capture",),
    "CaptureRefused": ("capture",),
    "Voided": ("void",),
    "RefundWaiting": ("refund",),
    "RefundDeclined": ("refund",),
}


def _answered(request: RequestOnRecord) -> str:
    """Return the answer to a request in words; one that a look ended has none of its own."""
    answer = (request.answer or {}).get("answer", "")
    if not answer and request.state == "done":
        return "照会で完了を確認しました"
    return answer_label(request.operation, answer)


def _providers_code(reason: str) -> str:
    """Return what a provider gave as its reason; "" for a reason of ours, which has words."""
    return "" if reason in REFUSALS else reason
