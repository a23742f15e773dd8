"""A provider that says, for some calls, what is true of another order."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class FalseAnswer:
    """What the answers to the next ``times`` calls of ``method`` to a ``path`` become."""

    method: str
    path: re.Pattern[str]
    told: Callable[[str], str]
    times: int


@dataclass
class FalseAnswers:
    """A provider's application, whose answers become what a test says."""

    app: ASGIApp
    false_answers: list[FalseAnswer] = field(default_factory=list)

    def tell(self, method: str, path: str, told: Callable[[str], str], *, times: int = 1) -> None:
        """Let the next ``times`` answers to such calls become what ``told`` makes of them."""
        self.false_answers.append(FalseAnswer(method, re.compile(path), told, times))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or not quite so."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        here = (scope["method"], scope["path"])
        lie = next(
            (one for one in self.false_answers if one.method == here[0] and one.path.search(here[1])), None
        )
        if lie is None:
            await self.app(scope, receive, send)
            return
        lie.times -= 1
        if lie.times <= 0:
            self.false_answers.remove(lie)
        heard: list[Message] = []

        async def hear(message: Message) -> None:
            heard.append(message)

        await self.app(scope, receive, hear)
        body = b"".join(one.get("body", b"") for one in heard if one["type"] == "http.response.body")
        told = lie.told(body.decode()).encode()
        start = next(one for one in heard if one["type"] == "http.response.start")
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": told})
