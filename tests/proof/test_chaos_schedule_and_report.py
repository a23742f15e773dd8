"""What strikes when, and what a run tells of it: the parts of `make chaos` that need no installation."""

import io
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from deploy.native.site import SERVICES, Site
from proof.chaos.accounts import Accounts, accounts
from proof.chaos.faults import chosen, known
from proof.chaos.faults.processes import POINTS
from proof.chaos.report import Injection, Report
from proof.chaos.schedule import Turn, turns
from proof.chaos.stage import Stage, doors_of, programs
from proof.journal import Journal
from proof.observers import Outside
from proof.promises import Check, Promise, Verdict, Violation, together
from shared.crash import POINTS as CRASH_POINTS


def first(number: int, seed: int) -> list[Turn]:
    return list(itertools.islice(turns(chosen(["F6", "F7", "F18", "F27"]), seed, pairs=0.3), number))


def test_the_same_seed_makes_the_same_schedule() -> None:
    assert first(50, 7) == first(50, 7)
    assert first(50, 7) != first(50, 8)


def test_every_chosen_fault_strikes_once_before_one_repeats() -> None:
    faults = chosen([])
    schedule = itertools.islice(turns(faults, 3), len(faults))

    struck = [fault.id for turn in schedule for fault, _ in turn.faults]

    assert sorted(struck) == sorted(one.id for one in faults)


def test_a_number_chooses_all_variants_and_unknown_are_named() -> None:
    assert [one.id for one in chosen(["F7"])] == ["F7", "F7b"]
    assert [one.id for one in chosen(["F7b"])] == ["F7b"]
    with pytest.raises(ValueError, match="F99"):
        chosen(["F6", "F99"])


def test_every_fault_says_what_it_does_and_how_it_is_proven() -> None:
    for one in known().values():
        assert one.does and one.proof and one.over, one.id


def test_every_crash_point_can_be_where_a_process_dies() -> None:
    assert set().union(*POINTS.values()) == set(CRASH_POINTS)


def test_every_service_runs_twice_and_reaches_others_by_doors(tmp_path: Path) -> None:
    site = Site(home=tmp_path, port_shift=6000)
    site.prepare()
    direct = {str(port) for name, port in site.ports.items() if name not in {*SERVICES, "caddy"}}
    by_name = {one.name: one for one in programs(site) if one.name.partition("-")[0] in SERVICES}

    assert sorted(by_name) == sorted(name for service in SERVICES for name in (service, f"{service}-2"))
    for one in by_name.values():
        wired = {
            name: value for name, value in one.environment.items() if not name.startswith("AMAZON_PAY_HOSTED")
        }
        found = {port for port in direct for value in wired.values() if f":{port}" in value or value == port}
        assert not found, f"{one.name} goes straight to {found}"
    ports = [port for port, _ in doors_of(site).values()]
    assert len(set(ports)) == len(ports)
    assert not set(ports) & set(site.ports.values())


def injection(fault: str, **more: Any) -> Injection:
    return replace(Injection(fault, 1.0, proven=True, evidence="seen", recovered=True), **more)


def report(*injections: Injection) -> Report:
    return Report(7, "make chaos SEED=7", chosen(["F6", "F18"]), {}, injections=list(injections))


def test_recovery_is_told_by_kind_without_joint_faults() -> None:
    told = report(
        injection("F6", recovery=2.0),
        injection("F6", recovery=9.0),
        injection("F6", recovery=4.0),
        injection("F6", recovery=99.0, together=True),
        injection("F18", recovery=1.0),
    )

    [f6, f18] = told.rows()

    assert (f6["injected"], f6["proven"], f6["recovery_p50"], f6["recovery_worst"]) == (4, 4, 4.0, 9.0)
    assert (f18["injected"], f18["recovery_p50"]) == (1, 1.0)


def test_a_fault_never_proven_is_void_and_the_run_no_proof() -> None:
    told = report(injection("F6"), injection("F18", proven=False, evidence="nothing was swallowed"))

    assert told.void == ["F18"]
    assert not told.good
    assert not report(injection("F6")).void


def test_the_report_is_text_for_people_and_json_for_programs(tmp_path: Path) -> None:
    told = report(injection("F6", recovery=2.0))
    text = io.StringIO()

    told.show(Console(file=text, width=120))
    told.write(tmp_path / "build/report.json")

    assert "make chaos SEED=7" in text.getvalue()
    written = json.loads((tmp_path / "build/report.json").read_text())
    assert written["faults"][0] | {"injected": 1, "recovery_p50": 2.0} == written["faults"][0]
    assert written["injections"][0]["evidence"] == "seen"


def test_recovery_stands_beside_what_an_order_takes_in_peace() -> None:
    [f6, _] = report(
        injection("F6", recovery=4.0, in_peace=1.0), injection("F6", recovery=5.0, in_peace=3.0)
    ).rows()

    assert (f6["recovery_worst"], f6["in_peace_p50"]) == (5.0, 2.0)


def test_a_report_keeps_five_hundred_troubles_and_counts_more(tmp_path: Path) -> None:
    told = report(injection("F6"))
    for number in range(3):
        told.trouble(*(f"{number}-{count}" for count in range(200)))

    assert (len(told.troubles), told.troubles[-1]) == (500, "2-99")
    assert told.as_json()["troubles_left_out"] == 100


def test_rounds_are_added_up() -> None:
    one, two = Promise("E1", "a", look_at_nothing), Promise("O1", "b", look_at_nothing)
    broken = Violation("order N1", "lost")

    verdicts = together(
        [Verdict(one, 3, [broken]), Verdict(two, 1, [])], [Verdict(one, 4, []), Verdict(two, 2, [broken])]
    )

    assert [(each.looked_at, each.violations) for each in verdicts] == [(7, [broken]), (3, [broken])]
    assert together([], verdicts) == verdicts
    assert Accounts(1, 2, 3, 4, 5, 6) + Accounts(10, 20, 30, 40, 50, 60) == Accounts(11, 22, 33, 44, 55, 66)


async def look_at_nothing(outside: Outside, check: Check) -> None:
    """A promise of which nothing is asked."""


BEFORE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Placements(Outside):
    """An outside view that sees these orders alone, all placed at one moment."""

    def __init__(self, journal_file: Path, placed: dict[str, int], at: datetime) -> None:
        self.journal_file = journal_file
        self.placed = placed
        self.at = at

    async def rows(self, service: str, statement: str, *values: Any) -> list[Any]:
        return [
            {"key": key, "placed_at": self.at} for key, times in self.placed.items() for _ in range(times)
        ]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


async def test_accounts_tell_recovered_lost_and_doubled_orders_apart(journal: Journal) -> None:
    for key in ("good", "lost", "doubled"):
        journal.answered(key, {}, 201, {"order_code": key})
    journal.silent("unheard", {}, "ReadTimeout")
    journal.answered("unheard", {}, 200, {"order_code": "unheard"})
    journal.silent("never", {}, "ConnectError")

    placed = {"good": 1, "doubled": 2, "unheard": 1}
    told = await accounts(Placements(journal.file, placed, BEFORE), [], unexpected=0)

    assert (told.attempted, told.acknowledged, told.recovered) == (5, 4, 1)
    assert (told.lost, told.duplicated, told.unexpected) == (1, 1, 0)
    assert journal.unserved == 2


async def test_a_try_that_failed_before_the_order_recovered_nothing(journal: Journal) -> None:
    journal.silent("late", {}, "ConnectError")
    after = datetime.now(UTC) + timedelta(hours=1)

    told = await accounts(Placements(journal.file, {"late": 1}, after), [], unexpected=0)

    assert told.recovered == 0


def test_a_stage_knows_both_replicas_of_every_service(tmp_path: Path) -> None:
    site = Site(home=tmp_path, port_shift=6000)
    site.prepare()
    stage = Stage.at(site)

    assert sorted(stage.health_urls) == sorted(stage.names)
    assert len(set(stage.health_urls.values())) == 2 * len(SERVICES)
