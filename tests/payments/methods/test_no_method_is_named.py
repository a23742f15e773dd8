"""Outside the methods' and providers' folders no code of payments asks which method it is (decision 0006)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import payments
from notifications.mails.files import FOLDER as MAILS
from payments.methods.registry import known_kinds
from payments.payment.rules.terms import Terms

ROOT = Path(payments.__file__).parent
# What operators set; a list of names, and no question.
DEFAULTS = ROOT / "settings.py"
FOLDERS = ("methods", "providers", "migrations")


def modules() -> Iterator[Path]:
    """Every module outside the folders of methods and providers."""
    for file in sorted(ROOT.rglob("*.py")):
        folder = file.relative_to(ROOT).parts[0]
        if file != DEFAULTS and (folder not in FOLDERS or file.parent.parent == ROOT):
            yield file


def test_no_code_outside_the_folders_asks_for_a_method() -> None:
    kinds = set(known_kinds())
    for file in modules():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        asked = [one for one in ast.walk(tree) if isinstance(one, ast.Compare | ast.MatchValue)]
        texts = {part.value for one in asked for part in ast.walk(one) if isinstance(part, ast.Constant)}
        assert not texts & kinds, file
        imported = {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
        folders = {f"payments.methods.{kind}" for kind in kinds}
        assert not {name for name in imported if any(f"{name}.".startswith(f"{one}.") for one in folders)}, (
            file
        )


def test_no_template_outside_the_folders_names_a_method() -> None:
    for file in ROOT.glob("*/templates/*.html"):
        assert not [kind for kind in known_kinds() if f'"{kind}"' in file.read_text(encoding="utf-8")], file


def test_no_value_of_the_terms_contains_the_name_of_a_method() -> None:
    values = {str(value) for hint in get_type_hints(Terms).values() for value in get_args(hint)}

    assert "provider_notice" in values
    assert not {value for value in values for kind in known_kinds() if kind in value}


def test_no_mail_asks_in_its_header_for_a_method() -> None:
    headers = [file.read_text(encoding="utf-8").split("\n\n")[0] for file in MAILS.glob("*.txt")]

    assert len(headers) > 10
    assert not {header for header in headers for kind in known_kinds() if kind in header}
