"""A page used by whoever has no mouse."""

from playwright.async_api import Locator

# No page of ours has so many stops.
MOST_TABS = 120


async def keys(target: Locator, key: str = "Enter") -> None:
    """Presses it as whoever has no mouse: tabs there from where she is, then the key."""
    await target.wait_for()
    for _ in range(MOST_TABS):
        if await target.evaluate("(one) => one === document.activeElement"):
            return await target.page.keyboard.press(key)
        await target.page.keyboard.press("Tab")
    raise AssertionError(f"no way there by Tab: {target}")


async def writes(target: Locator, words: str) -> None:
    """Types into a field she tabbed to; what stood in it is written over."""
    await keys(target, "Control+a")
    await target.page.keyboard.insert_text(words)
