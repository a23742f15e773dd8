"""Requests nobody should send, made by Hypothesis: forms with wrong, huge, doubled and unreadable fields."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as st

from proof.fuzz.routes import Route

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TOO_BIG = b"a=" + b"x" * (1024 * 1024 + 10)
NASTY = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1.5",
        "1e9",
        "NaN",
        "Infinity",
        "99999999999999999999999",
        "１０",
        "¥1,000円",
        "²",
        "①",
    ),
    *(
        "true",
        "on",
        "null",
        "None",
        "[]",
        "{}",
        "undefined",
        "../../etc/passwd",
        "%00",
        "%",
        "{{7*7}}",
        "${1}",
    ),
    *(
        "a\x00b",
        "\x00",
        "a\r\nBcc: x@example.jp",
        "=?UTF-8?Q?=0A?=",
        "\u202e\u2066",
        "\ufeff",
        "\ufffe",
        "\U0010ffff",
    ),
    *("' OR 1=1 --", "<script>alert(1)</script>", "=cmd|'/C calc'!A0", "髙﨑𠮷野家", "e\u0301", "😀" * 50),
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "2026-11-22T25:61",
        "1970-01-01",
        "令和8年1月1日",
    ),
    *("//example.org", "/\\example.org", "javascript:alert(1)", "http://[", "x" * 5_000, "９" * 300),
    *(
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "a@b",
        "a@" + "b" * 300,
    ),
)
UNREADABLE = (b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\x82\xa0", b"\xe3\x81", b"\x00")
COOKIES = (
    "noren_session",
    "noren_order",
    "noren_cart",
    "noren_wallet",
    "noren_benefit",
    "noren_device",
    "noren_draft",
)


@dataclass(frozen=True)
class Wish:
    """One request as it goes over the wire."""

    method: str
    target: str
    headers: Sequence[tuple[str, bytes]]
    body: bytes

    def curl(self, url: str) -> str:
        """Return the command that sends it again; a body that is long or no text is given as bytes of bash."""
        parts = [f"curl -sS -i -X {self.method}"]
        parts += [f"-H {_shell(name.encode() + b': ' + value)}" for name, value in self.headers]
        if self.body:
            shown = (
                self.body
                if len(self.body) < 3_000
                else self.body[:200] + b"..." + str(len(self.body)).encode()
            )
            parts.append(f"--data-binary {_shell(shown)}")
        return " ".join([*parts, _shell((url + self.target).encode())])


def _shell(data: bytes) -> str:
    plain = set((string.ascii_letters + string.digits + string.punctuation + " ").encode()) - set(b"'\\")
    return "$'" + "".join(chr(one) if one in plain else f"\\x{one:02x}" for one in data) + "'"


def wishes(
    route: Route, known: Mapping[str, Sequence[str]], cookie: str, origin: str
) -> st.SearchStrategy[Wish]:
    """Make requests for one route: most of a kind that its handler reads, some that nobody can read.

    ``known`` are values that exist (codes, ids), by the name of a field or a part of a path.
    """

    @st.composite
    def one(draw: st.DrawFn) -> Wish:
        path = route.path
        for name in route.parameters:
            part = draw(_part(known.get(name, ())))
            path = path.replace(f"{{{name}}}", part).replace(f"{{{name}:path}}", part)
        pairs = draw(_pairs(route.fields, known))
        headers = draw(_headers(cookie, origin))
        if route.method in {"GET", "HEAD"}:
            query = draw(_encoded(pairs))
            target = path + ("?" + query.decode("ascii", "replace") if query else "")
            return Wish(route.method, target[:30_000], headers, b"")
        kind, body = draw(_body(pairs))
        return Wish(route.method, path, [*headers, ("content-type", kind.encode())], body)

    return one()


def _value(known: Sequence[str]) -> st.SearchStrategy[str]:
    there = [st.sampled_from(known)] * 3 if known else []
    return st.one_of(*there, st.sampled_from(NASTY), st.text(max_size=40), st.integers().map(str))


def _part(known: Sequence[str]) -> st.SearchStrategy[str]:
    there = [st.sampled_from(known)] * 3 if known else []
    strange = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=40)).map(
        lambda text: quote(text, safe="")
    )
    raw = st.sampled_from(UNREADABLE).map(quote_from_bytes)
    return st.one_of(*there, strange, strange, raw).map(lambda text: text[:3_000] or "%20")


def _pairs(
    fields: Sequence[str], known: Mapping[str, Sequence[str]]
) -> st.SearchStrategy[list[tuple[str, str]]]:
    pair = st.sampled_from(fields).flatmap(lambda name: st.tuples(st.just(name), _value(known.get(name, ()))))
    strange = st.tuples(st.text(max_size=10), _value(()))
    # The whole form filled in from what exists, some fields twice, and any handful.
    whole = st.lists(pair, min_size=8, max_size=16, unique_by=lambda one: one[0])
    return st.one_of(whole, st.lists(pair, max_size=12), st.lists(st.one_of(pair, strange), max_size=6))


def _encoded(pairs: list[tuple[str, str]]) -> st.SearchStrategy[bytes]:
    good = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs).encode()
    bad = st.sampled_from(UNREADABLE).map(
        lambda raw: good + b"&" + quote_from_bytes(b"q=" + raw, safe="=").encode()
    )
    return st.one_of(st.just(good), st.just(good), st.just(good), bad)


def _body(pairs: list[tuple[str, str]]) -> st.SearchStrategy[tuple[str, bytes]]:
    form = _encoded(pairs).map(lambda body: (FORM, body))
    parts = st.just(("multipart/form-data; boundary=b0", multipart(pairs)))
    rare = st.one_of(
        st.sampled_from(UNREADABLE).map(lambda raw: (FORM, b"name=" + raw)),
        st.just((FORM, TOO_BIG)),
        st.just((FORM, b"&".join(b"f%d=1" % number for number in range(3_000)))),
        st.just(("multipart/form-data; boundary=b0", multipart(pairs)[:-8])),
        st.just(("multipart/form-data", b"--b0\r\n")),
        st.just(("multipart/form-data; boundary=b0", multipart([("f", "1")] * 2_500))),
        st.sampled_from((b"", b"{", b"[" * 5_000, b'{"a":1,"a":2}', b"NaN", b'"\\ud800"', b"null")).map(
            lambda body: (JSON, body)
        ),
        st.binary(max_size=200).map(lambda body: ("application/octet-stream", body)),
        st.binary(max_size=50).map(lambda body: ("text/plain; charset=shift_jis", body)),
    )
    return st.one_of(form, form, form, form, parts, rare)


def multipart(pairs: Sequence[tuple[str, str]]) -> bytes:
    """Return fields as multipart/form-data with the boundary ``b0``; each third is a file."""
    lines = []
    for number, (name, value) in enumerate(pairs):
        file = b'; filename="a.csv"' if number % 3 == 2 else b""
        shown = quote(name).encode()
        lines.append(b'--b0\r\nContent-Disposition: form-data; name="' + shown + b'"' + file + b"\r\n\r\n")
        lines.append(value.encode("utf-8", "replace") + b"\r\n")
    return b"".join(lines) + b"--b0--\r\n"


def _headers(cookie: str, origin: str) -> st.SearchStrategy[list[tuple[str, bytes]]]:
    usual = [("accept", b"text/html"), ("origin", origin.encode())]
    mine = [("cookie", cookie.encode())] if cookie else []
    strange_cookie = st.tuples(
        st.sampled_from(COOKIES),
        st.sampled_from((b"\xb2~x", b"2~x", b"x.y.z", b"9~", b"", b"~", b"a" * 3_000)),
    ).map(lambda pair: [("cookie", pair[0].encode() + b"=" + pair[1])])
    strange = st.sampled_from(
        (
            [("accept", b"*/*"), ("hx-request", b"true"), ("origin", origin.encode())],
            [("accept", b"application/json"), ("origin", origin.encode())],
            [("accept", b"text/html"), ("origin", b"null")],
            [("accept", b"\xff;q=x"), ("accept-language", b"\xb2"), ("origin", origin.encode())],
            [*usual, ("referer", b"http://["), ("user-agent", b"\xe3\x81\x82" * 300)],
            [
                *usual,
                ("range", b"bytes=0-0,1-,-1"),
                ("if-modified-since", b"yesterday"),
                ("if-none-match", b"*"),
            ],
            [
                *usual,
                ("traceparent", b"00-zz-zz-zz"),
                ("x-request-id", b"x" * 65),
                ("accept-encoding", b"x;q="),
            ],
        )
    )
    somewhere = st.integers(0, 2**24 - 1).map(
        lambda number: [("x-forwarded-for", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}".encode())]
    )
    jar = st.one_of(*[st.just(mine)] * 6, strange_cookie)
    return st.tuples(st.one_of(*[st.just(usual)] * 5, strange), jar, somewhere).map(
        lambda parts: [pair for part in parts for pair in part]
    )
