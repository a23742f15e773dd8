"""Texts for the senders of a mail."""

from typing import Literal

from shared.shop.labels import Labels

Sender = Literal["shop", "software"]

SENDERS = Labels[Sender](Sender, {"shop": "このお店", "software": "受注管理ソフト"})
SENDER_HINTS = Labels[Sender](
    Sender,
    {
        "shop": "このシステムから送信します。",
        "software": "二重に届かないよう、このシステムからは送信しません。",
    },
)
