"""The base class of events: data with an owner and a time."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.cause import Cause, child_trace
from shared.clock import now
from shared.events._open import UnknownValueSaid, known_values
from shared.ids import new_id

Yen = Annotated[int, Field(ge=0, description="Integer yen")]

CATALOGUE: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """A fact that one service publishes and others consume.

    Frozen. Unknown fields are ignored, so producers may add fields. A field that may get more values is ``Open``:
    consumers accept any text, and ``known_values`` lists by field what this release may publish. The four fields of
    this class are sent in the envelope (message properties), never in the body.
    """

    # Errors of fields are logged, and values of fields must not be in logs.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    producer: ClassVar[str] = ""
    version: ClassVar[int] = 1
    type: ClassVar[str] = ""
    known_values: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    event_id: UUID = Field(default_factory=new_id, exclude=True)
    occurred_at: datetime = Field(default_factory=now, exclude=True)
    caused_by: UUID | None = Field(None, exclude=True)
    traceparent: str | None = Field(None, exclude=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__name__.endswith("Event"):
            return
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.type = f"{name}.v{cls.version}"
        cls.known_values = known_values(cls.model_fields)
        CATALOGUE[cls.type] = cls

    def check_values(self) -> None:
        """Raise UnknownValueSaid if a field holds a value that this release may not publish."""
        for name, known in self.known_values.items():
            value = getattr(self, name)
            said = (value,) if isinstance(value, str) else value or ()
            unknown = [word for word in said if word not in known]
            if unknown:
                raise UnknownValueSaid(f"{self.type}: {name} may not be {', '.join(map(repr, unknown))}")

    @property
    def cause(self) -> Cause:
        """Return this event as the cause of something."""
        return Cause(self.event_id, self.traceparent)

    def following(self, cause: Cause) -> Self:
        """Return this event with ``cause`` as its cause; an existing ``caused_by`` stays."""
        return self.model_copy(
            update={
                "caused_by": self.caused_by or cause.event_id,
                "traceparent": child_trace(cause.traceparent),
            }
        )

    @property
    def correlation(self) -> str:
        """Return what this event is about: the code of its order, else the member."""
        about = getattr(self, "order_code", None) or getattr(self, "member_id", None)
        return str(about or self.event_id)
