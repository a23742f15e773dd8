"""Posts notices to the shop immediately. After a failure it tries up to three more times, twenty seconds apart."""

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from sqlite3 import Row

import httpx

from payments.methods.amazon_pay.simulator.due import settle_due
from payments.methods.amazon_pay.simulator.ipn import Sealer
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Store, moment

TRIES_MAX = 4
TICK_SECONDS = 0.3
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NoticeSender:
    """Sends due notices from the store. It also settles everything else that is due."""

    store: Store
    sealer: Sealer
    settings: AmazonSimulatorSettings
    http: httpx.AsyncClient

    async def run(self) -> None:
        """Work until cancelled. A failed round is logged, and the next one goes on."""
        while True:
            try:
                await self.round("waiting")
            except Exception:
                log.exception("simulator.round_failed")
            await asyncio.sleep(TICK_SECONDS)

    async def send_early_notices(self) -> None:
        """Send those notices that must arrive before the answer to their call."""
        await self.round("early")

    async def round(self, state: str) -> None:
        """Settle what is due, and send all due notices in this state, oldest first."""
        with self.store.transaction() as tx:
            if state == "waiting":
                settle_due(tx)
            due = tx.run(
                "select * from notices where state = ? and due_at <= ? order by number limit 50",
                state,
                moment(tx.now),
            )
        for notice in due:
            answer = await self._deliver(notice)
            self._note(notice, answer)

    async def _deliver(self, notice: Row) -> str:
        envelope = self.sealer.envelope(notice)
        headers = {
            "content-type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": envelope["Type"],
            "x-amz-sns-message-id": envelope["MessageId"],
            "x-amz-sns-topic-arn": envelope["TopicArn"],
            "x-amz-sns-subscription-arn": envelope["TopicArn"] + ":demo",
        }
        content = json.dumps(envelope, ensure_ascii=False).encode()
        try:
            response = await self.http.post(self.settings.notices_to, content=content, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return str(response.status_code)

    def _note(self, notice: Row, answer: str) -> None:
        tries = notice["tries"] + 1
        if answer.startswith("2"):
            state = "delivered"
        elif answer.startswith("4") or tries >= TRIES_MAX:
            state = "given up"
        else:
            state = "waiting"
        with self.store.transaction() as tx:
            due = tx.now + timedelta(seconds=self.settings.notice_retry_seconds)
            tx.run(
                "update notices set state = ?, tries = ?, last_answer = ?, due_at = ? where number = ?",
                state, tries, answer, moment(due), notice["number"],
            )  # fmt: skip
