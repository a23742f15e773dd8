"""A mail whose facts may change is written once more as it leaves: it says what is true then, not what was."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from notifications.mailing.departures import Circumstances
from notifications.mails.rendering import Mails, Rendered
from shared.database import Tx
from shared.events import CATALOGUE, Event, OrderPlaced
from shared.sql import Row


def kept_event(event: Event) -> dict[str, Any]:
    """Return ``event`` as it is kept with a mail, to be read again by :func:`retell_mails`."""
    return {"type": event.type, "body": event.model_dump(mode="json")}


async def retell_mails(
    tx: Tx, mails: Mails, going: Sequence[Row], known: Mapping[Any, Circumstances]
) -> list[Row]:
    """Return the mails that leave, those of which the facts changed with new words; they are stored so.

    What was tried before stays as it is: every copy of a mail is the same.
    """
    anew = {
        row.mail_id: words
        for row in going
        if row.first_tried_at is None and (words := _words_now(mails, row, known[row.mail_id])) is not None
    }
    if not anew:
        return list(going)
    rows = await tx.rows(
        "UPDATE mails AS m SET subject = n.subject, text = n.text, typed = CAST(n.typed AS jsonb)"
        " FROM unnest(CAST(:ids AS uuid[]), CAST(:subjects AS text[]), CAST(:texts AS text[]), CAST(:typed AS text[]))"
        " AS n(mail_id, subject, text, typed) WHERE m.mail_id = n.mail_id RETURNING m.*",
        ids=list(anew),
        subjects=[words.subject for words in anew.values()],
        texts=[words.text for words in anew.values()],
        typed=[orjson.dumps(words.typed).decode() if words.typed else None for words in anew.values()],
    )
    retold = {row.mail_id: row for row in rows}
    return [retold.get(row.mail_id, row) for row in going]


def _words_now(mails: Mails, row: Row, known: Circumstances) -> Rendered | None:
    """Return what the mail says by now; None where that is what it says already, or it is not written again."""
    kind = mails.kinds.get(row.mail)
    if kind is None or row.told is None or known.changed is None or known.placed is None:
        return None
    event = CATALOGUE[row.told["type"]].model_validate({**row.told["body"], **known.changed})
    words = mails.render(kind, event, OrderPlaced.model_validate_json(known.placed))
    return None if (words.subject, words.text) == (row.subject, row.text) else words
