"""The system's Chromium, without a window, for tests: a page that asks for anything but itself, or complains, fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser started once for a test module; nothing is downloaded for it."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    assert program, "Chromium or Chrome is needed (.ci/run installs it)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, file: Path, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Page]:
    """The file in a window of this size; at the end, no request but the file's own, no error, no dialog, no other window."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", dismissed)
    page.goto(file.as_uri())
    try:
        yield page
        assert asked == [file.as_uri()]
        assert said == []
        assert len(context.pages) == 1
    finally:
        context.close()
