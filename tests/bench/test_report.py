"""What was measured is kept, whatever ends the run after it."""

import json
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from bench.report import Report
from proof.mail_sink import PORTION, MailSink
from proof.mailbox import MailCatcher


def written(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def test_the_file_holds_each_phase_as_soon_as_it_is_over(tmp_path: Path) -> None:
    report = Report(tmp_path / "bench", what="orders")
    assert written(tmp_path / "bench") == {"what": "orders"}
    report.keep("flood", {"orders": 60})
    assert written(tmp_path / "bench") == {"what": "orders", "flood": {"orders": 60}}
    report.break_off("promises", TimeoutError("no answer"))
    assert written(tmp_path / "bench")["flood"] == {"orders": 60}
    assert written(tmp_path / "bench")["broken_off"] == {
        "during": "promises",
        "why": "TimeoutError: no answer",
    }
    assert json.loads(report.text()) == written(tmp_path / "bench")


def test_a_run_is_good_only_with_every_promise_checked_and_kept(tmp_path: Path) -> None:
    report = Report(tmp_path)
    assert not report.is_good
    report.keep("promises", {"checked": {"M1": 60}, "broken": {}, "not_checked": {}})
    assert report.is_good
    report.keep("promises", {"checked": {}, "broken": {}, "not_checked": {"N1": "ReadTimeout"}})
    assert not report.is_good
    report.keep("promises", {"checked": {"M1": 60}, "broken": {"M1": ["order N-1"]}, "not_checked": {}})
    assert not report.is_good


async def test_all_mails_are_read_however_many_portions_they_are() -> None:
    sink = MailSink()
    number = 2 * PORTION + 1
    for n in range(number):
        sink.accept(f"buyer{n}@example.jp", f"Message-ID: <m{n}@x>\r\nSubject: s\r\n\r\ntext".encode())
    app = httpx.ASGITransport(Starlette(routes=[Route("/email", sink.emails)]))
    async with httpx.AsyncClient(transport=app) as client:
        copies = await MailCatcher("http://mail", client).copies()
    assert [copy.message_id for copy in copies] == [f"<m{n}@x>" for n in range(number)]
