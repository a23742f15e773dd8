"""Changes settings or takes one change back. Differences are stored, listed as changes, and recorded as a deed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import ValidationError

from shared.database.transactions import Tx
from shared.errors import Refused
from shared.shop.settings.group import Group, plain
from shared.shop.settings.rows import read_subject, read_subjects
from shared.shop.settings.subjects import Subject
from shared.shop.versions import check_seen

G = TypeVar("G", bound=Group)


class Changer(Protocol):
    """A person at a desk who changes settings."""

    @property
    def name(self) -> str:
        """Return the name stored with the change."""
        ...

    async def note(self, tx: Tx, subject: str, *, at: datetime, before: str = "", after: str = "") -> None:
        """Record the deed in 操作の記録. ``subject`` describes the change of the values ``before`` to ``after``."""
        ...


@dataclass(frozen=True)
class Change:
    """One change of one setting, in JSON's types. ``stands`` means that it is the latest change of the setting."""

    change_id: int
    group_name: str
    subject: str
    name: str
    before: Any
    after: Any
    at: datetime
    by: str
    stands: bool


async def lock_settings(tx: Tx) -> None:
    """Lock the settings of this service until the transaction ends. Settings that were read before are read again."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('settings'))")
    tx.known.clear()


async def change(
    tx: Tx,
    wanted: G,
    *,
    by: Changer | str,
    at: datetime,
    about: Subject[G] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[str]:
    """Store the settings that differ from those in force, with the person who changed them. Return their names.

    ``by`` is only a name if nobody at a desk changes them; then no deed is recorded. ``about`` is the subject; None is
    the shop. ``labels`` are the labels of values that are known only at run time.
    """
    about = about or Subject(type(wanted)())
    await lock_settings(tx)
    before, wanted = await read_subject(tx, about), about.kept(wanted)
    changed = wanted.changed_from(before)
    for name in changed:
        await _store(tx, wanted, before, about.key, name, by=by if isinstance(by, str) else by.name, at=at)
    tx.known.clear()
    if changed and not isinstance(by, str):
        said = "、".join(_said(wanted, before, name, labels) for name in changed)
        values = [_values(of, changed, labels) for of in (before, wanted)]
        await by.note(tx, f"{about.called} {said}".strip(), at=at, before=values[0], after=values[1])
    return changed


async def change_seen(
    tx: Tx,
    wanted: Sequence[tuple[Subject[Any], Any]],
    *,
    by: Changer,
    at: datetime,
    seen: str,
    labels: Mapping[str, str] | None = None,
) -> int:
    """Change the settings of one page, all or none. Return how many changed.

    Raises Refused if other settings than those ``seen`` (:func:`plain_of`, shared/shop/versions.py) are in force.
    """
    await lock_settings(tx)
    subjects = [subject for subject, _ in wanted]
    check_seen(seen, plain_of(subjects, await read_subjects(tx, subjects)))
    changed = [await change(tx, new, by=by, at=at, about=subject, labels=labels) for subject, new in wanted]
    return sum(len(names) for names in changed)


def plain_of(subjects: Sequence[Subject[Any]], in_force: Sequence[Group]) -> dict[str, Any]:
    """Return all values that a page of ``subjects`` shows, for its version."""
    return {
        f"{subject.group.group_key}:{subject.key}": values.plain()
        for subject, values in zip(subjects, in_force, strict=True)
    }


async def take_back(
    tx: Tx,
    about: Subject[G],
    found: Change,
    *,
    by: Changer | str,
    at: datetime,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Restore the value of a setting of ``about`` from before a change. This is also a change.

    Raises Refused if the setting was changed again, or if this release does not accept the earlier value.
    """
    await lock_settings(tx)
    now_found = await find_change(tx, found.change_id, about.group)
    if not now_found.stands:
        raise Refused(
            "setting_changed_since",
            "この項目はその後も変更されているため、取り消していません。現在の設定を確認してください。",
        )
    in_force = await read_subject(tx, about)
    try:
        wanted = about.group.model_validate({**dict(in_force), found.name: found.before})
    except ValidationError:
        raise Refused(
            "setting_not_taken", "変更前の値は現在は設定できないため、取り消していません。", status=422
        ) from None
    await change(tx, wanted, by=by, at=at, about=about, labels=labels)


async def find_change(tx: Tx, change_id: int, *groups: type[Group]) -> Change:
    """Return a change in one of ``groups``. Raises Refused (404) if it does not exist."""
    found = await tx.read_one(
        Change,
        f"{_CHANGES} WHERE c.change_id = :change_id AND c.group_name = ANY(:groups)",
        change_id=change_id,
        groups=[group.group_key for group in groups],
    )
    fields = {group.group_key: group.model_fields for group in groups}
    if found is None or found.name not in fields[found.group_name]:
        raise Refused("setting_change_unknown", "この変更は見つかりません。", status=404)
    return found


async def latest_changes(tx: Tx, *groups: type[Group], newest: int = 20) -> list[Change]:
    """Return the latest changes of ``groups``, newest first, without those of removed settings."""
    found = await tx.read(
        Change,
        f"{_CHANGES} WHERE c.group_name = ANY(:groups) ORDER BY change_id DESC LIMIT :newest",
        groups=[group.group_key for group in groups],
        newest=newest,
    )
    fields = {group.group_key: group.model_fields for group in groups}
    return [one for one in found if one.name in fields[one.group_name]]


_CHANGES = """
    SELECT c.change_id, c.group_name, c.subject, c.name, c.before, c.after, c.at, c.by,
        coalesce(s.version = c.change_id, false) AS stands
    FROM setting_changes c LEFT JOIN settings s USING (group_name, subject, name)
"""


async def _store(
    tx: Tx, wanted: Group, before: Group, subject: str, name: str, *, by: str, at: datetime
) -> None:
    await tx.execute(
        "WITH change AS (INSERT INTO setting_changes (group_name, subject, name, before, after, at, by)"
        " VALUES (:group_name, :subject, :name, CAST(:before AS jsonb), CAST(:after AS jsonb), :at, :by)"
        " RETURNING change_id)"
        " INSERT INTO settings (group_name, subject, name, value, version, changed_at, changed_by)"
        " SELECT :group_name, :subject, :name, CAST(:after AS jsonb), change_id, :at, :by FROM change"
        " ON CONFLICT (group_name, subject, name) DO UPDATE SET (value, version, changed_at, changed_by)"
        " = (excluded.value, excluded.version, excluded.changed_at, excluded.changed_by)",
        group_name=wanted.group_key,
        subject=subject,
        name=name,
        before=orjson.dumps(plain(getattr(before, name))).decode(),
        after=orjson.dumps(plain(getattr(wanted, name))).decode(),
        at=at,
        by=by,
    )


def _values(of: Group, names: Sequence[str], labels: Mapping[str, str] | None) -> str:
    """Return the labels and values of the settings called ``names``."""
    return "、".join(
        f"{of.shown[name].label} {of.shown[name].brief(plain(getattr(of, name)), labels)}" for name in names
    )


def _said(wanted: Group, before: Group, name: str, labels: Mapping[str, str] | None) -> str:
    shown = wanted.shown[name]
    old, new = (shown.brief(plain(getattr(group, name)), labels) for group in (before, wanted))
    return f"{shown.label}：{old} → {new}"
