"""Staff queue undelivered mails anew, with the Message-ID they have (NTF-14)."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from notifications.domain.mail import RESENDABLE
from notifications.storage.mails import queue_again
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused

log = structlog.get_logger()


async def resend_mails(tx: Tx, mail_ids: Sequence[UUID], *, by: str) -> set[UUID]:
    """Queue the undelivered ones of ``mail_ids`` and return them.

    Raises Refused if there is none: mails that were sent, or wait to be, are never sent in bulk again
    (SHP-16, NTF-03).
    """
    queued = await queue_again(tx, mail_ids, RESENDABLE, at=now())
    if not queued:
        raise Refused(
            "nothing_to_resend",
            "再送できるのは、受け付けられなかったメールと、送信をあきらめたメールだけです。",
        )
    log.info("mail.queued_again", by=by, mails=len(queued))
    return queued
