"""Queries of requests: rows that are due until they are answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from payments.payment.rules.answers import Answer
from payments.payment.rules.moves import Operation
from payments.requests.stored_answers import StoredAnswer, answer_as_json
from shared.cause import Cause
from shared.database.transactions import Tx

_END = """
    UPDATE payment_requests AS r
    SET state = e.state, answer = nullif(CAST(e.answer AS jsonb), 'null'), answered_at = :at,
        due_at = e.due_at, leased_until = NULL, lease = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:leases AS uuid[]), CAST(:states AS text[]), CAST(:answers AS text[]),
                CAST(:due AS timestamptz[])) AS e(request_id, lease, state, answer, due_at)
    WHERE r.request_id = ANY(CAST(:ids AS uuid[])) AND r.request_id = e.request_id AND r.lease = e.lease
    RETURNING r.request_id
"""


@dataclass(frozen=True, slots=True)
class ClaimedRequest:
    """A request that is due to be sent, with the answer to the attempt before it, if there was one."""

    request_id: UUID
    payment_id: UUID
    operation: Operation
    sequence: int
    amount: int
    answer: StoredAnswer | None
    caused_by: UUID | None
    traceparent: str | None
    attempts: int
    lease: UUID

    @property
    def cause(self) -> Cause:
        """Return the cause of the request."""
        return Cause(self.caused_by, self.traceparent)


@dataclass(frozen=True, slots=True)
class Ended:
    """The result of a request claimed under ``lease``: its ``state`` now, the answer, and the time when it is due again."""

    request_id: UUID
    lease: UUID
    state: str
    answer: Answer | None
    due_at: datetime | None


async def end_requests(tx: Tx, ended: Sequence[Ended], at: datetime) -> set[UUID]:
    """Store the results of requests and end their claims. Return the requests that this process still held.

    A caller writes nothing that depends on any other request. The rows stay locked until the commit.
    """
    still_claimed = await tx.rows(
        _END,
        ids=[one.request_id for one in ended],
        leases=[one.lease for one in ended],
        states=[one.state for one in ended],
        answers=[orjson.dumps(answer_as_json(one.answer)).decode() for one in ended],
        due=[one.due_at for one in ended],
        at=at,
    )
    return {row.request_id for row in still_claimed}
