"""Events about deeds of staff at a desk. Members records them together with the deeds of its own desk."""

from typing import Any, ClassVar
from uuid import UUID

from shared.events._event import Event


class DeskEvent(Event):
    """A deed at the desk of the service that publishes the event.

    ``by`` is the name of the member of staff ``by_id``. ``ip`` is the address of the ``device``, the browser. ``subject``
    describes the object of the deed for staff: the object itself, or how many rows by which filter. ``order_code`` is
    that of the order that the deed is about, ``before`` and ``after`` the values that it changed; empty if there are
    none. ``deed`` is the kind of the deed in the record. It is the name of the event if the class sets no other; the
    record keeps it, so it never changes.
    """

    deed: ClassVar[str] = ""

    by_id: UUID
    by: str
    ip: str
    subject: str = ""
    order_code: str = ""
    before: str = ""
    after: str = ""
    device: str = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.deed = cls.__dict__.get("deed") or cls.type.partition(".")[0]
