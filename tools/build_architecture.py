"""Draws docs/architecture.svg, how data flows through the program, from the one description below: python tools/build_architecture.py.

A test compares the file with what is drawn here, and the names in it with the modules that there are (tests/test_architecture.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "architecture.svg"


class Stage(NamedTuple):
    """One box of the main line."""

    name: str
    """Module or folder, as it stands in the repository."""
    words: str
    gives: str = ""
    """What goes on to the next box."""
    look: str = "code"


class Source(NamedTuple):
    """A box at the side that main boxes draw from, or put something into."""

    name: str
    words: str
    side: str
    beside: str
    """The stage at whose height it stands."""
    feeds: tuple[str, ...]
    back: bool = False
    """Whether the stage writes it instead."""
    look: str = "data"


FLOW = (
    Stage("input/", "what came by mail or on a stick, as it came", look="data"),
    Stage("intake/", "archives and mails unpacked, contents judged; a process per file", "Workbook: typed cells at their addresses"),
    Stage("forms/read", "labels and clause ids found, cells turned into answers", "Arrival: one for every file"),
    Stage("review/submissions", "which files count: programme, year, phase, 报送批次", "one submission per unit"),
    Stage("review/sheets", "whose sheet it is, one row per clause", "rows with file, sheet, cell"),
    Stage("scoring", "all entries of the run in one frame, scored at once, exact", "deductions, items, scores"),
    Stage("review/answers", "answers against scores: what needs a word", "findings"),
    Stage("review/years", "who stands on a list already, what became of the others", "CommunityResult → UnitResult → RegionResult"),
    Stage("review/followup", "corrected, explained, waived; what hangs on it", "results and findings, complete"),
    Stage("outputs/", "lays out, decides nothing: workbooks, letters, reports, a page", "files with hashes"),
    Stage("archive", "all files placed or none, result.json (document) among them", "role, path, hash of each"),
    Stage("output/", "<year>-<phase>/: what people open, result.json for programs", "several regions' folders", look="data"),
    Stage("rollup", "regions found and checked by hash, summed into a province", look="code"),
)

SIDES = (
    Source("roster", "units, communities, waivers: roster.xlsx", "left", "review/submissions", ("review/submissions", "review/sheets")),
    Source("standard/", "the policy as data: *.toml, kinds of clause", "left", "scoring", ("scoring", "review/sheets", "review/answers")),
    Source("rules", "the catalogue: every sentence of the review", "right", "review/sheets", ("review/sheets", "review/answers")),
    Source("closings", "closed years: archive/<year>/", "right", "review/years", ("review/years",)),
    Source("history", "what the run before left: archive/runs/", "right", "review/followup", ("review/followup",)),
    Source("templates/", "Annex 2, letters, reports: edited by officers", "left", "outputs/", ("outputs/",)),
    Source("runs", "archive/runs/: kept runs, with the history", "right", "archive", ("archive",), back=True),
)

WIDTH, LEFT, RIGHT = 1000, (20, 200), (780, 200)
MIDDLE = (290, 420)
HEIGHT, STEP, TOP = 50, 78, 24

STYLE = """
    svg { color-scheme: light dark; }
    .paper { fill: #ffffff; }
    text { font-family: system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif; fill: #1f2933; }
    .name { font-family: ui-monospace, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace; font-size: 14px; font-weight: 600; }
    .words { font-size: 11.5px; fill: #46515c; }
    .gives { font-size: 11.5px; font-style: italic; fill: #46515c; }
    .code { fill: #e8f3ec; stroke: #2f6f4f; }
    .data { fill: #fdf6e3; stroke: #9a7b1f; }
    .line { fill: none; stroke: #5b6770; stroke-width: 1.4; }
    .tip { fill: #5b6770; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #12171c; }
      text { fill: #e6edf3; }
      .words, .gives { fill: #aab6c1; }
      .code { fill: #17352a; stroke: #6fbf95; }
      .data { fill: #3a3116; stroke: #d3b04f; }
      .line { stroke: #93a1ad; }
      .tip { fill: #93a1ad; }
    }
"""


def _lines(text: str, most: int) -> list[str]:
    """The text in lines of at most so many characters."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _box(x: int, y: int, width: int, name: str, words: str, look: str, most: int) -> list[str]:
    lines = _lines(words, most)
    first = y + (20 if len(lines) > 1 else 21)
    centre = x + width / 2
    return [
        f'  <rect class="{look}" x="{x}" y="{y}" width="{width}" height="{HEIGHT + 12 * (len(lines) - 1)}" rx="6"/>',
        f'  <text class="name" x="{centre:g}" y="{first}" text-anchor="middle">{escape(name)}</text>',
        *(
            f'  <text class="words" x="{centre:g}" y="{first + 18 + 14 * number}" text-anchor="middle">{escape(line)}</text>'
            for number, line in enumerate(lines)
        ),
    ]


def draw() -> str:
    """The picture as SVG: text stays text, light or dark as the reader's system is."""
    tops = {stage.name: TOP + STEP * number for number, stage in enumerate(FLOW)}
    height = TOP * 2 + STEP * (len(FLOW) - 1) + HEIGHT
    left, width = MIDDLE
    centre = left + width // 2
    lines, boxes = list[str](), list[str]()
    for stage in FLOW:
        y = tops[stage.name]
        boxes += _box(left, y, width, stage.name, stage.words, stage.look, 90)
        if stage is not FLOW[-1]:
            lines.append(f'  <path class="line" marker-end="url(#tip)" d="M{centre} {y + HEIGHT}V{y + STEP - 2}"/>')
        if stage.gives:
            boxes.append(f'  <text class="gives" x="{centre + 12}" y="{y + HEIGHT + 18}">{escape(stage.gives)}</text>')
    for source in SIDES:
        x, wide = LEFT if source.side == "left" else RIGHT
        y = tops[source.beside]
        boxes += _box(x, y, wide, source.name, source.words, source.look, 30)
        near, far = (x + wide, left) if source.side == "left" else (x, left + width)
        turn = (near + far) // 2 + (12 if source.side == "left" else -12)
        for stage_name in source.feeds:
            start, end = y + HEIGHT // 2, tops[stage_name] + HEIGHT // 2
            if end != start:
                # Beside the arrow that the neighbour above or below may have.
                end += 10 if start > end else -10
            tip = -2 if source.side == "left" else 2
            path = f"M{near} {start}H{turn}V{end}H{far + tip}"
            lines.append(f'  <path class="line" marker-{"start" if source.back else "end"}="url(#tip)" d="{path}"/>')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
            "  <!-- Drawn by tools/build_architecture.py; do not edit. -->",
            "  <title>How data flows: from input/ through intake, reading, review and scoring to outputs and output/</title>",
            f"  <style>{STYLE}  </style>",
            '  <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
            '<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
            f'  <rect class="paper" width="{WIDTH}" height="{height}"/>',
            *lines,
            *boxes,
            "</svg>",
            "",
        ]
    )


def main() -> None:
    """Write the picture."""
    TARGET.write_text(draw(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
