"""What an average script for this job looks like, as a yardstick: python benchmarks/naive.py INPUT OUTPUT.

Written as one writes it in an afternoon with pandas, openpyxl and python-docx, and deliberately not badly: one pass over the
files, each read once for the figures and once to be marked. It trusts what it reads (nothing is guarded, traced, kept or
explained), makes a workbook with marks for each unit, Annex 2, a report for each unit, and a list of all scores.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from docx import Document
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

MARK, POINTS = 80, 6
RED, GREEN = PatternFill("solid", fgColor="FFC7CE"), PatternFill("solid", fgColor="C6EFCE")
THIN = Side(style="thin", color="999999")
MEASURED = {
    "6.2": lambda n: min(n, 3), "8.1": lambda n: min(n, 2), "8.2": lambda n: min(n, 2), "8.3": lambda n: min(n, 2),
    "10.1": lambda n: min(6, round((1 - n) * 100) // 10), "12.1": lambda n: min(6, max(0, round((0.3 - n) * 100) // 5)),
    "13.2": lambda n: min(4, n * 2), "14.1": lambda n: min(6, max(0, 2 - n) * 3),
}  # fmt: skip


def score(table: pd.DataFrame) -> tuple[int, list[tuple[int, str]], pd.DataFrame]:
    """Score of one sheet, its mistakes as (row, text), and the table by item."""
    head = table.index[table.apply(lambda row: row.astype(str).str.strip().eq("条款").any(), axis=1)][0]
    body = table.loc[head + 1 :].copy()
    body.columns = [str(name).strip() for name in table.loc[head]]
    body = body[body["条款"].astype(str).str.fullmatch(r"\d+\.\d+")]
    given = pd.to_numeric(body["扣分（第17项填加分）"], errors="coerce")
    measured = pd.to_numeric(body["实际值"], errors="coerce")
    wrong = []
    points = {}
    for row, clause in body["条款"].items():
        if clause in MEASURED and pd.notna(measured[row]):
            points[row] = MEASURED[clause](measured[row])
        elif pd.notna(given[row]) and given[row] >= 0:
            points[row] = given[row]
        else:
            points[row] = 0
            wrong.append((int(row) + 1, "没有填写，或者填写的不是数字，请改正"))
    body["扣"] = pd.Series(points)
    body["项"] = body["条款"].astype(str).str.split(".").str[0].astype(int)
    items = body.groupby("项")["扣"].sum().reset_index()
    items["得分"] = items.apply(lambda item: min(item["扣"], 4) if item["项"] == 17 else max(0, POINTS - item["扣"]), axis=1)
    return int(items["得分"].sum()), wrong, items


def heading(table: pd.DataFrame, label: str) -> str:
    """The cell to the right of a label."""
    for _, row in table.head(6).iterrows():
        cells = [str(cell).strip() for cell in row]
        if label in cells:
            return cells[cells.index(label) + 1]
    return ""


def mark(path: Path, target: Path, wrong: dict[str, list[tuple[int, str]]]) -> None:
    """The unit's own workbook with its mistakes in red."""
    book = load_workbook(path)
    for name, mistakes in wrong.items():
        for row, text in mistakes:
            cell = book[name].cell(row, 7)
            cell.fill = RED
            cell.comment = Comment(text, "审核")
    book.save(target)


def report(target: Path, unit: str, scores: pd.DataFrame) -> None:
    """A page or two of Word."""
    document = Document()
    document.add_heading(f"{unit}绿色社区创建情况", 1)
    green = int((scores["得分"] >= MARK).sum())
    document.add_paragraph(f"共{len(scores)}个城市社区，达标{green}个，完成比例{green / len(scores):.2%}。")
    grid = document.add_table(rows=1, cols=3)
    grid.style = "Table Grid"
    for cell, text in zip(grid.rows[0].cells, ("社区", "得分", "结论"), strict=True):
        cell.text = text
    for _, row in scores.iterrows():
        cells = grid.add_row().cells
        cells[0].text, cells[1].text = row["社区"], str(row["得分"])
        cells[2].text = "达标" if row["得分"] >= MARK else "未达标"
    document.save(target)


def list_of(target: Path, title: str, frame: pd.DataFrame) -> None:
    """A list with lines and colours."""
    book = Workbook()
    sheet = book.active
    sheet.append([title])
    sheet["A1"].font = Font(bold=True, size=16)
    sheet.append(list(frame.columns))
    for _, row in frame.iterrows():
        sheet.append(list(row))
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.border = Border(THIN, THIN, THIN, THIN)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    for cell in sheet[2]:
        cell.fill = GREEN
    book.save(target)


def main(folder: Path, output: Path) -> None:
    """Read everything, write everything."""
    output.mkdir(parents=True, exist_ok=True)
    everything, lines = [], []
    for path in sorted(folder.glob("*.xlsx")):
        if path.name == "roster.xlsx":
            continue
        sheets = pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl")
        unit, rows, wrong, tables = path.name.split("_")[0], [], {}, []
        for name, table in sheets.items():
            if not heading(table, "社区代码"):
                continue
            points, mistakes, items = score(table)
            code = heading(table, "社区代码")
            rows.append({"单位": unit, "社区": heading(table, "社区名称"), "代码": code, "得分": points})
            tables.append(items.assign(社区=code))
            if mistakes:
                wrong[name] = mistakes
        scores = pd.DataFrame(rows)
        everything.append(scores)
        place = output / unit
        place.mkdir(exist_ok=True)
        if wrong:
            mark(path, place / f"{unit}_退回修改.xlsx", wrong)
        report(place / f"{unit}_情况报告.docx", unit, scores)
        list_of(place / f"{unit}_差异报告.xlsx", f"{unit}问题清单", pd.DataFrame(
            [{"表": name, "行": row, "问题": text} for name, found in wrong.items() for row, text in found], columns=["表", "行", "问题"]
        ))  # fmt: skip
        green = scores[scores["得分"] >= MARK]
        lines.append({"县（市、区）": unit, "绿色社区名单": "、".join(green["社区"]), "完成数量": len(green), "完成比例": len(green) / len(scores)})
        list_of(place / f"{unit}_各项得分.xlsx", f"{unit}各项得分", pd.concat(tables))
    whole = pd.concat(everything)
    annex = pd.DataFrame(lines)
    total = int(annex["完成数量"].sum())
    annex.loc[len(annex)] = ["地区", "/", total, total / len(whole)]
    list_of(output / "annex2.xlsx", "绿色社区创建情况统计表", annex)
    list_of(output / "得分.xlsx", "各社区得分", whole)
    (output / "result.json").write_text(json.dumps(whole.to_dict("records"), ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
