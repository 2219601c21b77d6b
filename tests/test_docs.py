"""Generated pages follow the data and the catalogue; decision records are there, cited, and quote the notice."""

from __future__ import annotations

import re
from pathlib import Path

import build_docs
import pytest

from greencomm.rules import CATALOGUE
from greencomm.standard import load_standard
from greencomm.standard.loader import FOLDER

STANDARD = load_standard()
NOTICE = (FOLDER / "chuxiong-2021.notice.txt").read_text(encoding="utf-8")
RECORDS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(build_docs.RECORDS.glob("D-*.md"))}
SECTIONS = ["问题", "通知原文", "口径", "算例", "作用于", "如要修改"]


def cited_by_data() -> dict[str, set[str]]:
    """What of the standard cites each decision: clause ids, or the TOML table."""
    cites: dict[str, set[str]] = {}
    parts = [(clause.id, clause.decisions) for clause in STANDARD.clauses]
    parts += [("[pass_mark]", STANDARD.pass_mark.decisions), ("[reading]", STANDARD.reading.decisions)]
    parts += [("[urban_community]", STANDARD.urban_community.decisions)]
    parts += [("[[target]]", target.decisions) for target in STANDARD.targets]
    parts += [("[[deadline]]", deadline.decisions) for deadline in STANDARD.deadlines]
    parts += [("[[deliverable]]", deliverable.decisions) for deliverable in STANDARD.deliverables]
    for where, decisions in parts:
        for decision in decisions:
            cites.setdefault(decision, set()).add(where)
    return cites


@pytest.mark.parametrize(("path", "text"), build_docs.pages().items(), ids=lambda value: getattr(value, "name", ""))
def test_a_generated_page_has_not_drifted(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run: python tools/build_docs.py"


def test_the_standards_list_of_decisions_is_the_records() -> None:
    assert list(STANDARD.decisions) == list(RECORDS)


def test_every_decision_that_is_cited_has_a_record() -> None:
    by_rules = {decision for rule in CATALOGUE.values() for decision in rule.decisions}
    assert (set(cited_by_data()) | by_rules) <= set(build_docs.titles())


def test_every_record_is_cited() -> None:
    by_rules = {decision for rule in CATALOGUE.values() for decision in rule.decisions}
    assert set(RECORDS) <= set(cited_by_data()) | by_rules


@pytest.mark.parametrize("decision", RECORDS)
def test_a_record_answers_every_question_in_its_order(decision: str) -> None:
    lines = RECORDS[decision].splitlines()
    assert lines[0].startswith(f"# {decision} ")
    assert lines[2].startswith("*In English: ")
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == SECTIONS


@pytest.mark.parametrize("decision", RECORDS)
def test_a_record_quotes_the_notice_word_for_word(decision: str) -> None:
    section = RECORDS[decision].split("## 通知原文\n")[1].split("\n## ")[0]
    quotes = [line.removeprefix("> ") for line in section.splitlines() if line.startswith("> ")]
    assert quotes or section.strip() == "通知没有规定。"
    for quote in quotes:
        assert quote in NOTICE


@pytest.mark.parametrize("decision", RECORDS)
def test_a_record_names_all_that_cites_it(decision: str) -> None:
    acts = RECORDS[decision].split("## 作用于\n")[1].split("\n## ")[0]
    for where in cited_by_data().get(decision, set()):
        assert re.search(rf"(?<![0-9.]){re.escape(where)}(?![0-9])", acts), f"{decision} does not name {where}"


def test_every_clause_and_rule_stands_on_its_page() -> None:
    pages = {path.name: text for path, text in build_docs.pages().items()}
    for clause in STANDARD.clauses:
        assert f"| {clause.id} | " in pages["standard.md"]
    for code in CATALOGUE:
        assert f"| {code} | " in pages["rules.md"]


def test_a_countys_standard_has_a_page_that_says_where_it_differs() -> None:
    from localities import LOCAL

    text = build_docs.standard_page(LOCAL, "input/标准")
    assert text.startswith("# 示例县绿色社区创建标准\n") and "依据：示县住建〔2021〕1号。" in text
    assert "满分104分，5个内容、18项、32条。" in text
    assert "| 条款16.1 | 取消：未得到有效保护：符合即扣3分 | 示例县住房和城乡建设局 | 社区内没有文物古迹的县，不考核16.1 |" in text
    assert "与州标准" not in build_docs.standard_page(STANDARD)


def test_links_of_the_generated_pages_lead_somewhere() -> None:
    for path, text in build_docs.pages().items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert (path.parent / target).is_file(), target
