"""A pytest plug-in that writes down which test proved which feature: `pytest -p tools.feature_record`.

A test declares what it proves with `@pytest.mark.feature("AP-17")`, or with `clause="…"` for a part of the
acceptance line. An ID or a clause that is not in tools/features.tsv stops the run. Results are in
RECORD (tests by clause by ID), read by `make features`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tools.features import RECORD, Feature, clauses_marked, load_specification

PROPERTY = "features"
# A test has three phases; the worst of them is its result.
WORST_FIRST = ("failed", "skipped", "passed")

_results: dict[str, str] = {}
_claims: dict[str, list[tuple[str, str]]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option to pytest, so that a suite that runs in parts has one record."""
    parser.addoption("--add-to-record", action="store_true", help="keep what an earlier part has recorded")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Hand each test's claims to its reports, which travel even between processes."""
    specification = {feature.id: feature for feature in load_specification()}
    wrong: list[str] = []
    for item in items:
        try:
            claims = [
                claim for marker in item.iter_markers("feature") for claim in _read(marker, specification)
            ]
        except ValueError as error:
            wrong.append(f"{item.nodeid}: {error}")
            continue
        if claims:
            item.user_properties.append((PROPERTY, claims))
    if wrong:
        raise pytest.UsageError("Marks that the specification does not know:\n" + "\n".join(wrong))


def _read(marker: pytest.Mark, specification: Mapping[str, Feature]) -> Iterator[tuple[str, str]]:
    """Return what one mark claims. Raises ValueError if the mark is wrong."""
    if unknown := set(marker.kwargs) - {"clause"}:
        raise ValueError(f"the mark `feature` has no {', '.join(sorted(unknown))}")
    yield from clauses_marked(marker.args, marker.kwargs.get("clause"), specification)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember the worst phase of each test that proves a feature."""
    claims = dict(report.user_properties).get(PROPERTY)
    if not isinstance(claims, list):
        return
    _claims[report.nodeid] = [(id_, clause) for id_, clause in claims]
    so_far = _results.get(report.nodeid, "passed")
    _results[report.nodeid] = min(so_far, report.outcome, key=WORST_FIRST.index)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the record; the workers of a distributed run leave that to the process that leads them."""
    if hasattr(session.config, "workerinput"):
        return
    file = Path(session.config.rootpath) / RECORD
    record: dict[str, dict[str, dict[str, str]]] = {}
    if session.config.getoption("--add-to-record") and file.exists():
        record = json.loads(file.read_text())
    for test, claims in _claims.items():
        for id_, clause in claims:
            record.setdefault(id_, {}).setdefault(clause, {})[test] = _results[test]
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
