"""A real Chromium for the browser tests, or a stated reason why there is none."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

# Nothing here may call home: a test that needs the network is a test of the network.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
# One renderer for all pages of a visitor: else each address that is opened begins with a process.
ONE_RENDERER = ("--process-per-site", "--disable-site-isolation-trials")
# A page of a test is left after a second: what would be compiled to run fast never ran by then.
UNOPTIMISED = "--js-flags=--no-opt --no-maglev"
WHOLE = ("chromium", "chromium-browser")
# The same engine without windows and menus, which nobody sees: half the work of a page, three
# quarters of a live picture's.
LIGHT = ("chromium-headless-shell", *WHOLE)


def executable(programs: tuple[str, ...] = WHOLE) -> str:
    """Where Chromium is; skips the test when it is missing, which with CI=true is a failure."""
    for program in programs:
        if found := shutil.which(program):
            return found
    reason = "Chromium is not installed: apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """One whole Chromium, windows and all, as people have it; open a context per visitor in it."""
    async with _launched(executable(), *flags) as browser:
        yield browser


@asynccontextmanager
async def own_chromium(*flags: str) -> AsyncIterator[Browser]:
    """A light Chromium of its own, for a test that needs other flags than the run's."""
    async with _launched(executable(LIGHT), *ONE_RENDERER, UNOPTIMISED, *flags) as browser:
        yield browser


class Kept:
    """The light Chromium of a run: starting one takes as long as looking at some pages."""

    def __init__(self) -> None:
        self._browser: Browser | None = None  # started by the first who asks
        self._open = AsyncExitStack()

    async def browser(self) -> Browser:
        """The one that runs; a new one when it has died."""
        if self._browser is None or not self._browser.is_connected():
            await self.close()
            self._browser = await self._open.enter_async_context(own_chromium())
        return self._browser

    async def close(self) -> None:
        """Ends it, if it was ever started."""
        self._browser = None
        await self._open.aclose()


KEPT = Kept()


@asynccontextmanager
async def light_chromium() -> AsyncIterator[Browser]:
    """The run's own; contexts opened here are closed at the end.

    Contexts share neither cookies nor cache, so that each is a visitor of its own.
    """
    browser = await KEPT.browser()
    others = set(browser.contexts)
    try:
        yield browser
    finally:
        for context in browser.contexts:
            if context not in others:
                await context.close()


@asynccontextmanager
async def _launched(path: str, *flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()
