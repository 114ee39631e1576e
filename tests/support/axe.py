"""Axe beside a page: in a world of its own, of which the page's policy says nothing."""

from dataclasses import dataclass

from playwright.async_api import CDPSession, Page

from server.templates import WEB

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
WORLD = "axe"
VIOLATIONS = """axe.run(document, {resultTypes: ['violations']}).then((found) =>
  found.violations.map((one) =>
    `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 4).join(', ')}`))"""


@dataclass(frozen=True)
class Eye:
    """Looks at a page, and at all that it opens."""

    session: CDPSession
    frame: str

    @classmethod
    async def on(cls, page: Page) -> "Eye":
        """An eye on what this page shows from its next document on.

        Axe waits in each of them: sent for each look, it costs a twentieth of it.
        """
        session = await page.context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        await session.send("Page.enable")
        axe = f"if (location.href !== 'about:blank') {{{AXE.read_text()}}}"
        await session.send(
            "Page.addScriptToEvaluateOnNewDocument", {"source": axe, "worldName": WORLD}
        )
        return cls(session, tree["frameTree"]["frame"]["id"])

    async def violations(self) -> list[str]:
        """What axe has to say about the page."""
        there = {"frameId": self.frame, "worldName": WORLD}
        world = await self.session.send("Page.createIsolatedWorld", there)
        look = {
            "expression": VIOLATIONS,
            "contextId": world["executionContextId"],
            "awaitPromise": True,
            "returnByValue": True,
        }
        found = await self.session.send("Runtime.evaluate", look)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        said: list[str] = found["result"]["value"]
        return said


async def violations(page: Page) -> list[str]:
    """What axe has to say about a page that is open already."""
    return list(await page.evaluate(f"() => {{\n{AXE.read_text()}\nreturn {VIOLATIONS}\n}}"))
