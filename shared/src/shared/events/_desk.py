"""What staff did at a desk and no state tells of: members writes it down beside the deeds of its own desk."""

from uuid import UUID

from shared.events._event import Event


class DeskEvent(Event):
    """A deed at the desk of the service that says it.

    ``by`` is the name of the member of staff ``by_id``, ``ip`` the address of the browser, ``subject`` in words for
    staff what it was done to: how many rows by which filter, or which one.
    """

    by_id: UUID
    by: str
    ip: str
    subject: str = ""
