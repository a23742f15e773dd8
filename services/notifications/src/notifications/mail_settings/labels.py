"""Texts for the senders of a mail."""

from typing import Literal

from shared.shop.labels import Labels

MailSentBy = Literal["shop", "software"]

SENDERS = Labels[MailSentBy](MailSentBy, {"shop": "このお店", "software": "受注管理ソフト"})
SENDER_HINTS = Labels[MailSentBy](
    MailSentBy,
    {
        "shop": "このシステムから送信します。",
        "software": "二重に届かないよう、このシステムからは送信しません。",
    },
)
