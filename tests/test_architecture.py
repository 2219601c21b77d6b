"""A newcomer can place every file: the picture, the rooms, the layers and the README name what there is, and nothing else."""

from __future__ import annotations

import ast
import configparser
import fnmatch
import re
from pathlib import Path
from xml.etree import ElementTree

import build_architecture
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "greencomm"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
TABLE = [
    line.strip("| ").split(" | ", 1) for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]  # fmt: skip
SCRIPTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("greencomm", "tools", "benchmarks", "tests")
    for path in (ROOT / folder).rglob("*.py")
)


def rooms() -> set[str]:
    """Every module that the table of rooms names, as ``results.py`` or ``forms/read.py``."""
    named: set[str] = set()
    for room, words in TABLE:
        for name in re.findall(r"`([^`]+)`", room):
            if name.endswith("/"):
                named |= {f"{name}{each.removesuffix('.py')}.py" for each in re.findall(r"`([a-z_0-9]+)`", words)}
            elif name != "process.py":
                named.add(name)
    return named


def layers() -> set[str]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return set(parser["importlinter:contract:rooms"]["layers"].replace("|", " ").split())


def top_level() -> list[str]:
    """What lies at the top of the repository, without what git ignores; folders with ``/``."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.strip("/") for line in lines if not line.startswith(("!", "#", "/archive"))]
    found = (path for path in ROOT.iterdir() if path.name != ".git")
    return sorted(
        path.name + "/" * path.is_dir() for path in found if not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored)
    )


def test_the_picture_is_what_its_description_draws() -> None:
    assert build_architecture.TARGET.read_text(encoding="utf-8") == build_architecture.draw(), "run: python tools/build_architecture.py"


def test_the_picture_is_sound_and_names_only_what_there_is() -> None:
    svg = ElementTree.parse(build_architecture.TARGET)
    assert svg.getroot().tag == "{http://www.w3.org/2000/svg}svg"
    names = [stage.name for stage in build_architecture.FLOW] + [source.name for source in build_architecture.SIDES]
    shown = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text") if text.get("class") == "name"]
    assert sorted(shown) == sorted(names)
    for name in names:
        there = (PACKAGE / f"{name}.py").is_file() or (PACKAGE / name).is_dir() or (ROOT / name).is_dir()
        assert there or name == "output/", name
    stages = {stage.name for stage in build_architecture.FLOW}
    assert all({source.beside, *source.feeds} <= stages for source in build_architecture.SIDES)


def test_every_module_has_a_room_and_every_room_its_modules() -> None:
    assert sorted(rooms()) == MODULES, "docs/architecture.md, Rooms: name new modules, take out those that are gone"


def test_every_module_has_a_layer() -> None:
    known = layers()
    for module in MODULES:
        parts = ("greencomm/" + module.removesuffix(".py")).split("/")
        own = {".".join(parts[: length + 1]) for length in range(1, len(parts))}
        assert own & known, f".importlinter: {module} has no layer"


def test_every_layer_is_there() -> None:
    for layer in layers():
        path = ROOT / layer.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), f".importlinter: {layer} is gone"


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_first_line_of_every_file_says_what_it_is(script: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / script).read_text(encoding="utf-8")))
    assert said and len(said.split("\n", 1)[0]) > 20


def test_the_readme_explains_everything_at_the_top() -> None:
    places = (ROOT / "README.md").read_text(encoding="utf-8").split("## Where things are")[1]
    explained = {name for line in places.splitlines() if line.startswith("|") for name in re.findall(r"`([^`]+)`", line.split("|")[1])}
    assert set(top_level()) <= explained


def test_every_page_of_docs_is_linked_from_the_readme_or_the_architecture() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"architecture.md"}
    texts = "".join((ROOT / path).read_text(encoding="utf-8") for path in ("README.md", "docs/architecture.md", "docs/local-standards.md"))
    assert {name for name in pages if f"{name})" not in texts} == set()


LINKING = ("README.md", "docs/architecture.md", "docs/extending.md", "docs/usage.md", "docs/performance.md", "benchmarks/README.md")


@pytest.mark.parametrize("page", LINKING)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{page}: {target}"
