"""Everything that is stored about a payment, with labels: journal, history, requests to the provider, notices."""

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
    """A line of the journal with its labels, in yen."""

    at: datetime
    reason: str
    account: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """A state of the payment, as the timeline shows it."""

    at: datetime
    title: str
    text: str
    by: str
    kind: Mark


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request to the provider with the label of its answer. ``code`` is the provider's own reason."""

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
    """Everything that is stored about a payment, with labels."""

    amount_lines: list[AmountLine]
    timeline: list[TimelineLine]
    requests: list[RequestLine]
    notices: list[NoticeLine]


def story_in_words(story: Story) -> StoryInWords:
    """Return everything that is stored about the payment, with labels."""
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
    """Return the yen that a line of history is about; "" if there are none.

    These are the yen that were booked with it, else those that were requested from the provider then or before.
    """
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
    requested = before[0].amount if before and not way else 0
    return yen(requested or moved) if requested or moved else ""


# How the journal names an answer, and which requests belong to an answer that a look-up may also bring.
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
    """Return the label of the answer to a request. A request that a look-up ended has no answer of its own."""
    answer = (request.answer or {}).get("answer", "")
    if not answer and request.state == "done":
        return "照会で完了を確認しました"
    return answer_label(request.operation, answer)


def _providers_code(reason: str) -> str:
    """Return the provider's reason; "" for a reason of Noren, which has a label."""
    return "" if reason in REFUSALS else reason
