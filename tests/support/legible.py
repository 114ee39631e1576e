"""What a class can read from the back of the room, eight metres away."""

from playwright.async_api import Page

# On a screen of 1920 by 1080. What the teacher sets at the machine is as large as on any page.
LEAST_PX = 56
SMALLEST = """() => {
    const walk = document.createTreeWalker(document.querySelector(".beamer"), NodeFilter.SHOW_TEXT);
    let smallest = [1000, ""];
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        const text = walk.currentNode.data.trim();
        const isAside = element.closest(".player, .captions-wish, .for-readers, script");
        if (!text || isAside || !element.checkVisibility()) continue;
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (size < smallest[0]) smallest = [size, text];
    }
    return smallest;
}"""


async def is_legible(page: Page) -> None:
    """Asserts that no text on a classroom screen is smaller, and that nothing hangs out of it."""
    size, text = await page.evaluate(SMALLEST)
    assert size >= LEAST_PX, (size, text)
    line = page.locator(".beamer-bar")
    if await line.count() and await line.is_visible():
        wide = await line.evaluate("(one) => [one.scrollWidth, one.clientWidth]")
        assert wide[0] <= wide[1], (wide, await line.inner_text())
