"""The version, the changelog and the kept schemas speak of the same last release."""

import re
import tomllib

from tools.documents import REPOSITORY

PROJECTS = (
    "",
    "shared",
    *(f"services/{name}" for name in ("checkout", "payments", "members", "notifications")),
)


def version_of(project: str) -> str:
    """The version in the ``pyproject.toml`` of a folder of the repository."""
    text = (REPOSITORY / project / "pyproject.toml").read_text(encoding="utf-8")
    version: str = tomllib.loads(text)["project"]["version"]
    return version


def sections() -> list[str]:
    """The headings of the changelog's versions, newest first."""
    return re.findall(r"^## (.+)$", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_project_has_the_same_version() -> None:
    assert {version_of(project) for project in PROJECTS} == {version_of("")}


def test_the_changelog_begins_with_the_version() -> None:
    unreleased, newest, *_ = sections()

    assert unreleased == "Unreleased"
    assert newest.split(" – ")[0] == version_of("")


def test_upgrade_notes_stand_before_all_other_changes() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    groups = re.findall(r"^### (.+)$", text.split("## Unreleased")[1].split("\n## ")[0], re.MULTILINE)

    assert groups == [name for name in ("Upgrade notes", "Added", "Changed", "Fixed") if name in groups]
