"""Renders a mail again just before it is sent if its facts changed, so that it contains the present facts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import orjson

from notifications.mailing.circumstances import Circumstances
from notifications.mailing.rows import KeptEvent, StoredMail
from notifications.mails.rendering import Mails, Rendered
from shared.database.transactions import Tx
from shared.events import CATALOGUE, Event, OrderPlaced


def kept_event(event: Event) -> KeptEvent:
    """Return ``event`` in the form stored with a mail, for :func:`render_again`."""
    return {"type": event.type, "body": event.model_dump(mode="json")}


async def render_again(
    tx: Tx, mails: Mails, going: Sequence[StoredMail], known: Mapping[UUID, Circumstances]
) -> list[StoredMail]:
    """Return the mails to send. Mails whose facts changed have new texts, which are also stored.

    A mail that was tried before remains unchanged, so that every copy of a mail is the same.
    """
    anew = {
        mail.mail_id: words
        for mail in going
        if mail.first_tried_at is None and (words := _words_now(mails, mail, known[mail.mail_id])) is not None
    }
    if not anew:
        return list(going)
    await tx.execute(
        "UPDATE mails AS m SET subject = n.subject, text = n.text, typed = CAST(n.typed AS jsonb)"
        " FROM unnest(CAST(:ids AS uuid[]), CAST(:subjects AS text[]), CAST(:texts AS text[]), CAST(:typed AS text[]))"
        " AS n(mail_id, subject, text, typed) WHERE m.mail_id = n.mail_id",
        ids=list(anew),
        subjects=[words.subject for words in anew.values()],
        texts=[words.text for words in anew.values()],
        typed=[orjson.dumps(words.typed).decode() if words.typed else None for words in anew.values()],
    )
    return [
        replace(mail, subject=words.subject, text=words.text, typed=words.typed or None)
        if (words := anew.get(mail.mail_id)) is not None
        else mail
        for mail in going
    ]


def _words_now(mails: Mails, mail: StoredMail, known: Circumstances) -> Rendered | None:
    """Return the present text of the mail. Return None if it is unchanged or may not be rendered again."""
    kind = mails.kinds.get(mail.mail)
    if kind is None or mail.told is None or known.changed is None or known.placed is None:
        return None
    event = CATALOGUE[mail.told["type"]].model_validate({**mail.told["body"], **known.changed})
    words = mails.render(kind, event, OrderPlaced.model_validate_json(known.placed))
    return None if (words.subject, words.text) == (mail.subject, mail.text) else words
