"""Events about deeds of staff at a desk; members records them beside the deeds of its own desk."""

from uuid import UUID

from shared.events._event import Event


class DeskEvent(Event):
    """A deed at the desk of the service that publishes the event.

    ``by`` is the name of the member of staff ``by_id``, ``ip`` the address of the browser, ``subject`` says in
    words for staff what the deed was about: how many rows by which filter, or which object.
    """

    by_id: UUID
    by: str
    ip: str
    subject: str = ""
