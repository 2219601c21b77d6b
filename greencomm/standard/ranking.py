"""How units are ranked for the prefecture's own appraisal (目标管理考核): data of its own, apart from the standard (S-38).

The notice sets no such rule. A change of it changes no score and not the standard's hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from greencomm.standard.loader import FOLDER, Table, read_toml

SCHEMA = "greencomm-ranking/1"
RULE_FILE = FOLDER / "ranking.toml"
_DECISION = re.compile(r"[DS]-[0-9]{2}")
_Word = TypeVar("_Word", bound=StrEnum)


class Measure(StrEnum):
    """What a criterion compares."""

    COMBINED_RATIO = "combined_ratio"
    YEAR_PROGRESS = "year_progress"
    SINCE_SELF_EVALUATION = "since_self_evaluation"
    OPEN_SEND_BACK = "open_send_back"
    OPEN_VERIFY = "open_verify"


class Order(StrEnum):
    """Which value comes first."""

    DESCENDING = "descending"
    ASCENDING = "ascending"

    @property
    def label(self) -> str:
        """The words that people see."""
        return {"descending": "高的在前", "ascending": "低的在前"}[self.value]


class NotReported(StrEnum):
    """Where units stand of which nothing could be reviewed."""

    LAST = "last"
    BY_MEASURES = "by_measures"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that is compared."""

    measure: Measure
    name: str
    explains: str
    """How it is worked out, in a clerk's words."""
    order: Order
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankingRule:
    """The whole rule; criteria are compared in their order, the next one only where all before are equal."""

    title: str
    source: str
    """Whose rule it is, in Chinese."""
    not_reported: NotReported
    criteria: tuple[Criterion, ...]
    decisions: tuple[str, ...]
    sha256: str


def load_ranking_rule(path: Path = RULE_FILE) -> RankingRule:
    """Read and check the rule. Raises StandardError with one Chinese sentence naming the file, the place and the mistake."""
    root, sha256 = read_toml(path, "排名办法文件")
    if (schema := root.take("schema", str)) != SCHEMA:
        raise root.fail(f"schema 应为“{SCHEMA}”，现为“{schema}”")
    criteria: list[Criterion] = []
    for table in root.tables("criterion", "指标（criterion）"):
        criterion = _criterion(table)
        for each in criteria:
            if each.measure is criterion.measure:
                raise table.fail("写了两次")
            if each.name == criterion.name:
                raise table.fail(f"名称 name“{each.name}”与另一项指标相同")
        criteria.append(criterion)
    rule = RankingRule(
        title=root.take("title", str),
        source=root.take("source", str),
        not_reported=_choice(root, "not_reported", NotReported),
        criteria=tuple(criteria),
        decisions=_decisions(root),
        sha256=sha256,
    )
    root.done()
    return rule


def _criterion(table: Table) -> Criterion:
    measure = _choice(table, "measure", Measure)
    table.at(f"指标“{measure}”")
    criterion = Criterion(
        measure=measure,
        name=table.take("name", str),
        explains=table.take("explains", str),
        order=_choice(table, "order", Order),
        decisions=_decisions(table),
    )
    table.done()
    return criterion


def _choice(table: Table, key: str, kind: type[_Word]) -> _Word:
    value = table.take(key, str)
    if value not in list(kind):
        raise table.fail(f"{key} 只能写 {'、'.join(kind)}，现为“{value}”")
    return kind(value)


def _decisions(table: Table) -> tuple[str, ...]:
    cited = table.texts("decisions")
    for each in cited:
        if not _DECISION.fullmatch(each):
            raise table.fail(f"引用的决定“{each}”应写成 S-38 这样的编号")
    return cited
