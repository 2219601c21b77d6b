"""What was made of templates, kept as long as these hold the same bytes: a process that does many runs reads them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from greencomm import durable

T = TypeVar("T")


class Kept(Generic[T]):
    """Remembers the last thing made of each set of files. It must not change in use."""

    def __init__(self) -> None:
        self._made: dict[tuple[Path, ...], tuple[list[str], T]] = {}

    def of(self, paths: Sequence[Path], make: Callable[[], T]) -> T:
        """What was made of these files when they held the same, else ``make()``; raises what that raises."""
        before = _hashes(paths)
        kept = self._made.get(tuple(paths))
        if kept and kept[0] == before:
            return kept[1]
        made = make()
        if before is not None and before == _hashes(paths):
            self._made[tuple(paths)] = before, made
        return made


def _hashes(paths: Sequence[Path]) -> list[str] | None:
    """None where one cannot be read: ``make`` says what is wrong with it."""
    try:
        return [durable.file_sha256(path) for path in paths]
    except OSError:
        return None
