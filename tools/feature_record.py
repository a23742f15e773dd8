"""A pytest plug-in that writes down which test proved which feature: `pytest -p tools.feature_record`.

A test says what it proves with `@pytest.mark.feature("AP-17")`; an ID that the specification does not know
stops the run. Results are in RECORD, read by `make features`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.features import RECORD, load_specification

PROPERTY = "features"
# A test has three phases; the worst of them is its result.
WORST_FIRST = ("failed", "skipped", "passed")

_results: dict[str, str] = {}
_features: dict[str, list[str]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """A suite that runs in parts has one record."""
    parser.addoption("--add-to-record", action="store_true", help="keep what an earlier part has recorded")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Hand each test's features to its reports, which travel even between processes."""
    known = {feature.id for feature in load_specification()}
    for item in items:
        features = [str(id_) for marker in item.iter_markers("feature") for id_ in marker.args]
        if unknown := set(features) - known:
            raise pytest.UsageError(f"{item.nodeid}: the specification has no {', '.join(sorted(unknown))}")
        if features:
            item.user_properties.append((PROPERTY, features))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember the worst phase of each test that proves a feature."""
    features = dict(report.user_properties).get(PROPERTY)
    if not isinstance(features, list):
        return
    _features[report.nodeid] = features
    so_far = _results.get(report.nodeid, "passed")
    _results[report.nodeid] = min(so_far, report.outcome, key=WORST_FIRST.index)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the record; the workers of a distributed run leave that to the process that leads them."""
    if hasattr(session.config, "workerinput"):
        return
    file = Path(session.config.rootpath) / RECORD
    record: dict[str, dict[str, str]] = defaultdict(dict)
    if session.config.getoption("--add-to-record") and file.exists():
        record.update(json.loads(file.read_text()))
    for test, features in _features.items():
        for feature in features:
            record[feature][test] = _results[test]
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
