"""Shows a folder in the system's file manager (``--open``): a courtesy, so that whatever goes wrong is no error."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def show_folder(folder: Path) -> None:
    """Open ``folder`` where there is a screen. Never waits, never writes anything to this console, never raises."""
    with contextlib.suppress(Exception):
        place = folder.resolve()
        if not place.is_dir():
            return
        if sys.platform == "win32":
            os.startfile(place)
            return
        command = _opener()
        if command is None:
            return
        # A session of its own: closing this console must not close what was opened.
        subprocess.Popen(
            [command, str(place)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _opener() -> str | None:
    """The program that opens folders here; None where there is none, or no screen."""
    if sys.platform == "darwin":
        return shutil.which("open")
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return shutil.which("xdg-open")
    return None
