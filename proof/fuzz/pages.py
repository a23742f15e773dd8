"""Every page and form, in each role: no 5xx, no stack trace, no answer of a kind that nobody expects."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings

from proof.fuzz.findings import Finding, Part
from proof.fuzz.roles import Role
from proof.fuzz.routes import Route
from proof.fuzz.wishes import TOO_BIG, Wish, wishes

SECONDS_MAX = 30
FINDINGS_MAX = 50
EXPECTED = {
    200,
    201,
    204,
    206,
    302,
    303,
    304,
    307,
    400,
    401,
    403,
    404,
    405,
    408,
    409,
    410,
    413,
    414,
    415,
    416,
    422,
    429,
}
LEAKS = (b"Traceback (most", b'File "/', b"sqlalchemy", b"asyncpg", b"site-packages", b"pydantic")

Ask = Callable[[Wish], httpx.Response]


def asking(client: httpx.Client) -> Ask:
    """Return how ``client`` sends a wish, redirects not followed."""

    def ask(wish: Wish) -> httpx.Response:
        headers = [(name.encode(), value) for name, value in wish.headers]
        # A cookie that an answer sets is the next visitor's business, not ours.
        client.cookies.clear()
        return client.request(wish.method, wish.target, headers=headers, content=wish.body or None)

    return ask


def fuzz_pages(
    service: str,
    routes: Sequence[Route],
    role: Role,
    ask: Ask,
    *,
    url: str,
    origin: str,
    known: Mapping[str, Sequence[str]],
    examples: int,
    from_seed: int | None,
) -> Part:
    """Send ``examples`` wishes for each route; without a seed always the same ones."""
    notes = _Notes(url)
    for route in routes:
        test = given(wishes(route, known, role.cookie_header, origin))(notes.asker(route, ask))
        if from_seed is not None:
            test = seed(from_seed)(test)
        settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=from_seed is None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(test)()
    counts = notes.statuses
    return Part(f"pages/{service}", role.name, counts.total(), list(notes.found.values()), dict(counts))


@dataclass
class _Notes:
    """What was answered; of what is wrong, one example for each route and kind."""

    url: str
    found: dict[str, Finding] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)

    def asker(self, route: Route, ask: Ask) -> Callable[[Wish], None]:
        """Return the test of one route; it notes what is wrong and goes on."""

        def send(wish: Wish) -> None:
            try:
                answer = ask(wish)
            except httpx.HTTPError as error:
                self.statuses[type(error).__name__] += 1
                self._note(route, f"no answer: {type(error).__name__}", str(error), wish)
                return
            self.statuses[str(answer.status_code)] += 1
            if wrong := what_is_wrong(wish, answer):
                self._note(route, wrong, f"request {answer.headers.get('x-request-id', '')}", wish)

        return send

    def _note(self, route: Route, what: str, more: str, wish: Wish) -> None:
        if len(self.found) < FINDINGS_MAX:
            finding = Finding(route.name, f"{what} ({more})", wish.curl(self.url))
            self.found.setdefault(f"{route.name} {what}", finding)


def what_is_wrong(wish: Wish, answer: httpx.Response) -> str:
    """Return what must not be about an answer; empty if it may be."""
    status = answer.status_code
    # Being busy is an answer if it says when to come back.
    if status == 503 and "retry-after" in answer.headers:
        return ""
    if status not in EXPECTED:
        return f"answered {status}"
    if wish.body == TOO_BIG and status not in {401, 403, 404, 405, 413, 422, 303, 400}:
        return f"a body over the limit answered {status}"
    leak = next((leak for leak in LEAKS if leak in answer.content), None)
    # What was sent may be shown again, as text.
    if leak is not None and leak not in wish.body and leak not in wish.target.encode():
        return f"shows {leak!r}"
    if status >= 400 and "json" in answer.headers.get("content-type", ""):
        try:
            json.loads(answer.content)
        except ValueError:
            return f"{status} with a body that is no JSON"
    return ""
