"""Events about deeds of staff at a desk. Members records them together with the deeds of its own desk."""

from uuid import UUID

from shared.events._event import Event


class DeskEvent(Event):
    """A deed at the desk of the service that publishes the event.

    ``by`` is the name of the member of staff ``by_id``. ``ip`` is the address of the browser. ``subject`` describes the
    object of the deed for staff: the object itself, or how many rows by which filter.
    """

    by_id: UUID
    by: str
    ip: str
    subject: str = ""
