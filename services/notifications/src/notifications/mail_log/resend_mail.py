"""Staff queue undelivered mails again, with their first Message-ID (NTF-14). An event reports it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from notifications.mailing.delivery import RESENDABLE
from notifications.mailing.tries import SENDING
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import MailsResent

log = structlog.get_logger()


class NothingToResend(Refused):
    """The mail was sent, is waiting, or is not to be sent. Only undelivered mails are sent again."""

    def __init__(self) -> None:
        super().__init__(
            "nothing_to_resend",
            "再送できるのは、受け付けられなかったメールと、送信をあきらめたメールだけです。",
        )


async def resend_mail(tx: Tx, mail_id: UUID, *, deed: Mapping[str, Any]) -> None:
    """Queue one undelivered mail again.

    ``deed`` is the member of staff (shared.web.deeds). Raises Refused for other mails.
    """
    [recipient] = (await _queue(tx, [mail_id], deed)).values()
    order_code = await tx.value("SELECT order_code FROM mails WHERE mail_id = :mail_id", mail_id=mail_id)
    tx.say(MailsResent(**deed, subject=f"1通：{recipient}", order_code=order_code or ""))


async def resend_mails(tx: Tx, mail_ids: Sequence[UUID], *, deed: Mapping[str, Any]) -> int:
    """Queue the undelivered mails of ``mail_ids`` again and return their number. ``deed`` is the member of staff.

    Raises Refused if no mail is undelivered. Mails that were sent or are waiting are never sent in bulk again (SHP-16,
    NTF-03).
    """
    queued = await _queue(tx, mail_ids, deed)
    tx.say(MailsResent(**deed, subject=f"{len(queued):,}通"))
    return len(queued)


async def _queue(tx: Tx, mail_ids: Sequence[UUID], deed: Mapping[str, Any]) -> dict[UUID, str]:
    rows = await tx.rows(
        "UPDATE mails SET state = 'queued', due_at = :at, attempts = 0, first_tried_at = NULL,"
        " ended_at = NULL, reason = NULL"
        " WHERE mail_id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:states AS text[]))"
        " RETURNING mail_id, recipient",
        at=now(),
        ids=list(mail_ids),
        states=list(RESENDABLE),
    )
    queued = {row.mail_id: row.recipient for row in rows}
    if not queued:
        raise NothingToResend
    tx.wake(SENDING)
    log.info("mail.queued_again", by=deed["by"], mails=len(queued))
    return queued
