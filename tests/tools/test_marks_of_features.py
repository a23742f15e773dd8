"""A mark says which clause of which acceptance line its test checks; the list counts what is whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.features import REPOSITORY, Feature, clauses_marked, load_specification, missing_clauses, verdict

LINE = Feature("AP-15", "M", "checkout", "No cash on delivery", ("refused here", "accepted there"))
KNOWN = {"AP-15": LINE}


@pytest.mark.parametrize(
    ("here", "there", "said", "missing"),
    [
        ({"a": "passed"}, {"b": "passed"}, "passed", []),
        ({"a": "passed"}, {}, "partly", ["accepted there"]),
        ({"a": "passed"}, {"b": "skipped"}, "partly", ["accepted there"]),
        ({"a": "passed", "c": "failed"}, {"b": "passed"}, "failed", ["refused here"]),
        ({"a": "skipped"}, {}, "skipped", ["refused here", "accepted there"]),
        ({}, {}, "none", ["refused here", "accepted there"]),
    ],
)
def test_a_feature_is_whole_only_when_all_its_clauses_pass(
    here: dict[str, str], there: dict[str, str], said: str, missing: list[str]
) -> None:
    record = {"refused here": here, "accepted there": there}
    assert (verdict(LINE, record), missing_clauses(LINE, record)) == (said, missing)


def test_a_mark_claims_the_clauses_it_names_or_all_of_them() -> None:
    assert clauses_marked(["AP-15"], "accepted there", KNOWN) == [("AP-15", "accepted there")]
    assert clauses_marked(["AP-15"], None, KNOWN) == [("AP-15", "refused here"), ("AP-15", "accepted there")]


def test_ids_of_the_specification_are_unique_with_full_clauses() -> None:
    features = load_specification()
    assert len({feature.id for feature in features}) == len(features)
    for feature in features:
        assert all(feature.clauses), feature
        assert len(set(feature.clauses)) == len(feature.clauses), feature


@pytest.mark.processes
@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ('"AP-99"', "test_it.py::test_it: the specification has no AP-99"),
        (
            '"AP-11", clause="one button"',
            'AP-11 has no clause "one button"; tools/features.tsv has "enabled: both buttons",',
        ),
    ],
)
def test_an_unknown_mark_ends_the_session_before_any_test(tmp_path: Path, mark: str, complaint: str) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(f"import pytest\n@pytest.mark.feature({mark})\ndef test_it(): assert False\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tools.feature_record", "--rootdir", str(tmp_path), file],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert complaint in ended.stderr + ended.stdout
    assert "failed" not in ended.stdout
