"""The messages of the simulated broker, and their consumers."""

import contextvars
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

if TYPE_CHECKING:
    from proof.simulation.channel import Channel

Take = Callable[[DeliveredMessage], Awaitable[None]]


@dataclass(frozen=True)
class Message:
    """A message in a queue."""

    body: bytes
    properties: Basic.Properties
    redelivered: bool = False

    @property
    def name(self) -> str:
        """Return what it is, for the trace."""
        return f"{self.properties.message_type} {self.properties.message_id}"


@dataclass(eq=False)
class Subscription:
    """A consumer as the broker knows it."""

    channel: "Channel"
    queue: str
    take: Take
    context: contextvars.Context
    unacked: dict[int, Message] = field(default_factory=dict)
