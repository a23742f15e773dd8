"""What holds for the templates of all services, so that keys and screen readers get everywhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted(
    [*ROOT.glob("services/*/src/*/*/templates/*.html"), *ROOT.glob("shared/src/shared/web/templates/*.html")]
)
NAMED = 'aria-label="'


def opening_tags(template: Path, beginning: str) -> list[str]:
    """Return the tags of ``template`` that begin so, whole; Jinja in them may hold signs of its own."""
    text = re.sub(r"{[{%#].*?[}%#]}", "", template.read_text("utf-8"), flags=re.DOTALL)
    return re.findall(rf"{beginning}[^>]*>", text)


def test_there_are_templates_to_look_at() -> None:
    found = [tag for one in TEMPLATES for tag in opening_tags(one, '<div class="table-frame"')]
    assert len(found) > 15


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: f"{one.parts[-3]}/{one.name}")
def test_what_scrolls_can_be_reached_by_keys_and_has_a_name(template: Path) -> None:
    for tag in opening_tags(template, '<div class="table-frame"'):
        for part in ('tabindex="0"', 'role="region"', NAMED):
            assert part in tag


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: f"{one.parts[-3]}/{one.name}")
def test_what_stands_aside_has_a_name(template: Path) -> None:
    assert all(NAMED in tag for tag in opening_tags(template, "<aside"))
