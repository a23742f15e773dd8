"""Staff send themselves a mail of one kind, as the preview shows it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from notifications.mailing.write_mail import Purpose, write_mail
from notifications.mails.files import MailKind
from notifications.mails.rendering import Mails, Rendered
from notifications.previews.examples import example_of, example_order
from shared.database.transactions import Tx
from shared.events import TestMailRequested

TEST_MAIL = "test.shop"
"""The name of a test in rows and events."""

log = structlog.get_logger()


def example_words(mails: Mails, kind: MailKind, language: str) -> Rendered:
    """Return the text of a mail of ``kind`` in ``language`` for the example events."""
    origin = mails.shop.url
    event = example_of(kind.event, origin=origin, language=language)
    return mails.render(kind, event, example_order(origin=origin, language=language))


async def send_test_mail(
    tx: Tx, mails: Mails, kind: MailKind, *, language: str, to: str, deed: Mapping[str, Any], request_id: UUID
) -> UUID:
    """Store a test of ``kind`` to the address ``to`` and return its id.

    ``deed`` is the member of staff who asks for it (shared.web.deeds); the mail stores the name. The same
    ``request_id`` stores one mail and one deed.
    """
    words = example_words(mails, kind, language)
    words = replace(words, subject=f"【テスト】{words.subject}", title=f"テスト送信：{words.title}")
    purpose = Purpose(
        name=TEST_MAIL,
        audience="shop",
        lane="test",
        reference=f"{kind.name}/{words.language}/{request_id}",
        requested_by=deed["by"],
    )
    [written] = await write_mail(tx, mails, words, purpose, [to])
    if written.is_new:
        tx.say(TestMailRequested(**deed, subject=f"{kind.title} → {to}"))
        log.info("mail.test_written", kind=kind.name, mail_id=str(written.mail_id), by=deed["by"])
    return written.mail_id
