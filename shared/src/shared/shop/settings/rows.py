"""The settings in force, now or at a moment. Only changed settings have a row; the others have their default."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError

from shared.database.transactions import Tx
from shared.shop.settings.group import Group
from shared.shop.settings.subjects import Subject

G = TypeVar("G", bound=Group)
log = structlog.get_logger()


async def read(tx: Tx, group: type[G]) -> G:
    """Return the settings of ``group``, whose subject is the shop, in force. A transaction reads them once."""
    return await read_subject(tx, Subject(group()))


async def read_subject(tx: Tx, about: Subject[G]) -> G:
    """Return the settings of a subject in force. A transaction reads them once and then uses the same values."""
    known = ("settings", about.group.group_key, about.key)
    if known not in tx.known:
        tx.known[known] = await tx.value(
            "SELECT json_object_agg(name, value) FROM settings WHERE group_name = :group_name AND subject = :subject",
            group_name=about.group.group_key,
            subject=about.key,
        )
    return of_stored(about.default, tx.known[known])


async def read_subjects(tx: Tx, subjects: Sequence[Subject[Any]]) -> list[Any]:
    """Return the settings of each of ``subjects`` in force, in their order, with one query."""
    rows = await tx.rows(
        "SELECT group_name, subject, json_object_agg(name, value) AS stored FROM settings"
        " WHERE group_name = ANY(:groups) GROUP BY group_name, subject",
        groups=sorted({subject.group.group_key for subject in subjects}),
    )
    stored = {(row.group_name, row.subject): row.stored for row in rows}
    return [
        of_stored(subject.default, stored.get((subject.group.group_key, subject.key))) for subject in subjects
    ]


async def read_each(tx: Tx, group: type[G]) -> dict[str, Mapping[str, Any]]:
    """Return the stored values of ``group`` for each subject with a change, for :func:`of_stored`."""
    rows = await tx.rows(
        "SELECT subject, json_object_agg(name, value) AS stored FROM settings WHERE group_name = :group_name"
        " GROUP BY subject",
        group_name=group.group_key,
    )
    return {row.subject: row.stored for row in rows}


async def read_at(tx: Tx, group: type[G], at: datetime) -> G:
    """Return the settings of ``group`` in force at ``at``."""
    return (await read_at_each(tx, group, (at,)))[at]


async def read_at_each(tx: Tx, group: type[G], moments: Collection[datetime]) -> dict[datetime, G]:
    """Return the settings of ``group`` in force at each of ``moments`` (at least one)."""
    rows = await tx.rows(
        "SELECT name, after, at FROM setting_changes WHERE group_name = :group_name AND subject = ''"
        " AND at <= :last ORDER BY change_id",
        group_name=group.group_key,
        last=max(moments),
    )
    return {
        moment: of_stored(group(), {row.name: row.after for row in rows if row.at <= moment})
        for moment in moments
    }


def stored_sql(group: type[Group]) -> str:
    """Return a subquery for the stored values of ``group``; :func:`of_stored` takes its result."""
    return f"(SELECT json_object_agg(name, value) FROM settings WHERE group_name = '{group.group_key}' AND subject = '')"  # noqa: S608 - our own word


def value_sql(group: type[Group], name: str) -> str:
    """Return a subquery for the stored value of one setting; :func:`of_stored` takes a mapping of the name to its result."""
    if name not in group.model_fields:
        raise KeyError(name)
    return f"(SELECT value FROM settings WHERE group_name = '{group.group_key}' AND subject = '' AND name = '{name}')"  # noqa: S608


def of_stored(default: G, stored: Mapping[str, Any] | None) -> G:
    """Return ``default`` with the values of ``stored``.

    A value that this release does not accept, such as a choice of a newer release, counts as not set.
    """
    known = {name: value for name, value in (stored or {}).items() if name in type(default).model_fields}
    if not known:
        return default
    try:
        return type(default).model_validate({**dict(default), **known})
    except ValidationError as failure:
        told = {str(error["loc"][0]) for error in failure.errors() if error["loc"]}
        wrong = told & known.keys() or known.keys()
        log.warning("settings.not_taken", group=default.group_key, names=sorted(wrong))
        return of_stored(default, {name: value for name, value in known.items() if name not in wrong})
