"""The player in a real Chromium: a real film, the product's templates and its strict headers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from server.templates import WEB
from tests.browser.stand import LENGTH_S, Stand, film, make_film, stand
from tests.support.chromium import light_chromium
from tests.support.legible import is_legible

pytestmark = pytest.mark.browser

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with light_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    make_film(folder)
    return folder


@pytest.fixture
async def there(film_folder: Path) -> AsyncIterator[Stand]:
    async with stand(film_folder) as there:
        yield there


@asynccontextmanager
async def visit(browser: Browser, address: str, **options: Any) -> AsyncIterator[Page]:
    """A fresh visitor on a page; any script error or refusal by the headers fails the test."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = await context.new_page()
    wrongs: list[str] = []
    page.on("pageerror", lambda error: wrongs.append(str(error)))
    page.on("console", lambda said: _note_refusal(wrongs, said.text))
    try:
        await page.goto(address)
        await page.wait_for_selector(".player[data-mounted]")
        yield page
        assert wrongs == []
    finally:
        await context.close()


def _note_refusal(wrongs: list[str], text: str) -> None:
    if "Content Security Policy" in text or "Content-Security-Policy" in text:
        wrongs.append(text)


@pytest.fixture
async def page(browser: Browser, there: Stand) -> AsyncIterator[Page]:
    async with visit(browser, f"{there.url}/player") as page:
        yield page


async def player(page: Page, expression: str) -> Any:
    """Evaluates `expression` with `player` at hand."""
    return await page.evaluate(
        f"""async () => {{
            const {{ playerOf }} = await import("/static/js/player/start.js");
            const player = await playerOf(document.querySelector(".player"));
            return ({expression});
        }}"""
    )


async def play(page: Page, until_s: float = 0.3) -> None:
    await page.click(".player-start")
    await page.wait_for_function(
        "(at) => document.querySelector('video').currentTime > at", arg=until_s
    )


async def test_asks_for_no_film_before_play_and_then_plays(page: Page, there: Stand) -> None:
    assert not any(path.endswith((".m3u8", ".m4s")) for path in there.asked)
    await play(page)
    assert any(path.endswith(".m4s") for path in there.asked)
    await expect(page.locator(".player")).to_have_attribute("data-state", "open")


async def test_everything_comes_from_our_origin(browser: Browser, there: Stand) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{there.url}/player")
    await play(page)
    assert [url for url in asked if not url.startswith((there.url, "blob:", "data:"))] == []
    assert any("hls.worker.js" in path for path in there.asked)
    await context.close()


async def test_keys_steer_the_film(page: Page) -> None:
    await play(page)
    await page.keyboard.press("k")
    assert await player(page, "player.isPlaying") is False
    await player(page, "player.seek(4)")
    await page.keyboard.press("ArrowRight")
    assert await player(page, "player.position") == pytest.approx(9, abs=0.1)
    await page.keyboard.press("j")
    assert await player(page, "player.position") == pytest.approx(0, abs=0.1)
    await page.keyboard.press("l")
    assert await player(page, "player.position") == pytest.approx(10, abs=0.1)
    await page.keyboard.press("m")
    assert await player(page, "player.video.muted") is True
    await page.keyboard.press(">")
    assert await player(page, "player.video.playbackRate") == 1.25
    await page.keyboard.press("<")
    assert await player(page, "player.video.playbackRate") == 1
    await page.keyboard.press("f")
    await page.wait_for_function("() => document.fullscreenElement !== null")
    await page.keyboard.press("f")
    await page.wait_for_function("() => document.fullscreenElement === null")


async def test_letters_outside_the_player_stay_free(page: Page) -> None:
    await play(page)
    await page.locator("main").focus()
    await page.keyboard.press("k")
    await page.keyboard.press("m")
    assert await player(page, "player.isPlaying && !player.video.muted") is True


async def test_the_slider_says_where_it_is(page: Page) -> None:
    await play(page)
    await page.keyboard.press("k")
    slider = page.get_by_role("slider", name="Position")
    await slider.focus()
    await page.keyboard.press("End")
    assert await player(page, "player.position") == pytest.approx(LENGTH_S, abs=0.5)
    await page.keyboard.press("Home")
    await page.keyboard.press("PageUp")
    await expect(slider).to_have_attribute("aria-valuetext", "6 s of 16 s, The press")
    await expect(slider).to_have_attribute("aria-valuenow", "6")


async def test_captions_are_text_and_only_text(page: Page) -> None:
    await play(page)
    await page.keyboard.press("k")
    line = page.locator(".player-captions")
    await player(page, "player.seek(1)")
    await expect(line).to_have_text("Anna: Good morning.")
    await player(page, "player.seek(4)")
    await expect(line).to_contain_text("A kitchen & a press.")
    assert await page.locator(".player script:not([data-texts]), .player img").count() == 0
    assert "taken" not in await page.title()


async def test_captions_change_language_size_and_box_and_are_remembered(
    page: Page, there: Stand
) -> None:
    await play(page)
    await page.keyboard.press("k")
    await player(page, "player.seek(1)")
    line = page.locator(".player-captions")
    for choice in ("Nederlands", "Large"):
        await page.get_by_role("button", name="Captions").click()
        await page.get_by_role("menuitemradio", name=choice).click()
    await page.get_by_role("button", name="Captions").click()
    await page.get_by_role("menuitemcheckbox").click()
    await page.keyboard.press("Escape")
    await expect(line).to_have_text("Goedemorgen.")
    await expect(line).to_have_attribute("data-size", "large")
    await expect(line).to_have_attribute("data-box", "none")
    await page.reload()
    await page.wait_for_selector(".player[data-mounted]")
    await expect(line).to_have_attribute("lang", "nl")
    await expect(line).to_have_attribute("data-size", "large")


async def test_c_turns_captions_off_and_on_in_the_same_language(page: Page) -> None:
    await play(page)
    await page.keyboard.press("k")
    await player(page, "player.seek(1)")
    line = page.locator(".player-captions")
    await page.keyboard.press("c")
    await expect(line).to_have_text("")
    await page.keyboard.press("c")
    await expect(line).to_have_text("Anna: Good morning.")


async def test_the_menu_is_walked_with_arrows_and_left_with_escape(page: Page) -> None:
    await play(page)
    opener = page.get_by_role("button", name="Speed")
    await opener.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    assert await player(page, "player.video.playbackRate") == 1.25
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await expect(opener).to_have_attribute("aria-expanded", "false")


async def test_the_picture_can_be_chosen(page: Page, there: Stand) -> None:
    await play(page)
    await page.get_by_role("button", name="Picture").click()
    await expect(page.get_by_role("menuitemradio")).to_have_count(3)
    await page.get_by_role("menuitemradio", name="180p").click()
    await player(page, "player.seek(13)")
    await page.wait_for_function("() => document.querySelector('video').videoHeight === 180")
    assert "/film/180/list.m3u8" in there.asked


async def test_the_slider_shows_a_small_picture(page: Page, there: Stand) -> None:
    await play(page)
    box = await page.locator(".player-seek").bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] * 13 / LENGTH_S, box["y"] + box["height"] / 2)
    picture = page.locator(".player-preview-picture")
    await expect(picture).to_be_visible()
    style = await picture.evaluate("(e) => [e.style.backgroundImage, e.style.backgroundPosition]")
    assert style == [f'url("{there.url}/film/sheet.jpg")', "-160px -90px"]
    await expect(page.locator(".player-preview p")).to_have_text("0:13 · Packing")


async def test_a_line_of_the_transcript_takes_the_film_there(page: Page) -> None:
    await play(page)
    await page.get_by_role("button", name="Transcript").click()
    line = page.get_by_role("button", name="Every part has a number.")
    await line.click()
    assert await player(page, "player.position") == pytest.approx(6, abs=1)
    await expect(line).to_have_attribute("aria-current", "true")


async def test_the_place_is_remembered_on_this_device(page: Page) -> None:
    await play(page)
    await player(page, "player.seek(8)")
    await page.keyboard.press("k")
    await page.wait_for_function("() => localStorage.getItem('porthole.place.test') !== null")
    await page.reload()
    await page.wait_for_selector(".player[data-mounted]")
    await expect(page.locator(".player-start")).to_contain_text("Go on at 0:08")
    await play(page, until_s=8)
    await page.reload()
    await page.wait_for_selector(".player[data-mounted]")
    await page.click(".player-again")
    assert await player(page, "player.position") < 2


# All ranges told since the page was opened, the last one at the pause included.
PAUSE_AND_TELL = (
    "new Promise((tell) => { player.on('watched', () => tell(player.watched)); player.pause(); })"
)


async def test_watched_ranges_leave_out_what_was_jumped_over(page: Page) -> None:
    await play(page, until_s=1)
    before = await player(page, "[player.position, player.seek(10)][0]")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 11")
    (first, second) = await player(page, PAUSE_AND_TELL)
    assert first == pytest.approx([0, before], abs=0.5)
    assert second[0] == pytest.approx(10, abs=0.5)
    assert second[1] == pytest.approx(await player(page, "player.position"), abs=0.5)


async def test_a_muted_film_in_a_hidden_tab_is_not_watched(page: Page) -> None:
    await page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {get: () => window.seen || 'hidden'})"
    )
    await player(page, "(player.video.muted = true, 0)")
    await play(page, until_s=1)
    shown_at = await player(page, "[player.position, window.seen = 'visible'][0]")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 3")
    ((start, _),) = await player(page, PAUSE_AND_TELL)
    assert start == pytest.approx(shown_at, abs=0.5)


async def test_chosen_chapters_play_and_nothing_else(page: Page) -> None:
    ended = "(window.ended = 0, player.on('ended', () => window.ended++), 0)"
    await player(page, ended)
    await player(page, "player.playChapters([0, 2])")
    await play(page)
    await player(page, "player.seek(5)")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 11")
    ranges = await player(page, PAUSE_AND_TELL)
    assert all(end < 6.5 or start > 10.5 for start, end in ranges)
    await player(page, "player.playChapters([1])")
    assert await player(page, "player.position") == pytest.approx(6, abs=0.1)
    await player(page, "(player.seek(10.2), player.play())")
    await page.wait_for_function("() => window.ended === 1")
    assert await player(page, "player.isPlaying") is False


async def test_a_lost_connection_is_said_and_the_place_kept(page: Page, there: Stand) -> None:
    there.is_down = True
    await page.click(".player-start")
    alert = page.get_by_role("alert").filter(has_text="Your place is kept")
    await expect(alert).to_be_visible(timeout=60_000)
    there.is_down = False
    await page.get_by_role("button", name="Try again").click()
    await page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    await expect(alert).to_be_hidden()


async def test_the_film_goes_on_by_itself_when_the_network_is_back(
    page: Page, there: Stand
) -> None:
    there.is_down = True
    await page.click(".player-start")
    await expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)
    there.is_down = False
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")


async def test_without_the_library_the_browsers_own_hls_is_tried(
    browser: Browser, there: Stand
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.route("**/hls.mjs", lambda route: route.abort())
    await page.goto(f"{there.url}/player")
    await page.wait_for_selector(".player[data-mounted]")
    if await page.evaluate("document.createElement('video').canPlayType('application/x-mpegURL')"):
        await play(page)
    else:
        await page.click(".player-start")
        await expect(page.get_by_role("alert")).to_contain_text("another browser")
    await context.close()


async def test_a_film_that_is_not_there_is_said_at_once(browser: Browser, there: Stand) -> None:
    there.film = film(master_url="/film/none.m3u8", position_key="")
    async with visit(browser, f"{there.url}/player") as page:
        await page.click(".player-start")
        await expect(page.get_by_role("alert")).to_contain_text("not here any more")


async def test_a_bare_film_has_no_buttons_for_what_is_missing(
    browser: Browser, there: Stand
) -> None:
    there.film = {"master_url": "/film/master.m3u8", "duration_s": LENGTH_S, "title": "Bare"}
    async with visit(browser, f"{there.url}/player") as page:
        await play(page)
        for name in ("Captions", "Chapters", "Transcript"):
            assert await page.get_by_role("button", name=name).count() == 0


async def test_without_scripts_the_browsers_own_controls_are_there(
    browser: Browser, there: Stand
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{there.url}/player")
    assert await page.locator("video[controls] track").count() == 2
    assert await page.locator("video source").get_attribute("src") == "/film/master.m3u8"
    await context.close()


async def test_dutch_words_are_used(browser: Browser, there: Stand) -> None:
    async with visit(browser, f"{there.url}/player?language=nl") as page:
        await expect(page.locator("html")).to_have_attribute("lang", "nl")
        await expect(page.locator(".player-captions")).to_have_attribute("lang", "nl")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["player", "sheet"])
async def test_axe_finds_nothing(browser: Browser, there: Stand, name: str, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    async with visit(browser, f"{there.url}/{name}", color_scheme=scheme) as page:
        assert await _axe(page) == []
        await play(page)
        await page.keyboard.press("k")
        await page.get_by_role("button", name="Transcript").click()
        await page.get_by_role("button", name="Captions").click()
        assert await _axe(page) == []


@pytest.mark.parametrize("name", ["beamer", "watching", "phone"])
async def test_axe_finds_nothing_in_class(browser: Browser, there: Stand, name: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    async with screen(browser, f"{there.url}/{name}") as page:
        assert await _axe(page) == []


async def _axe(page: Page) -> list[str]:
    # In the debugger's world, where the page's own policy does not forbid a tool.
    session = await page.context.new_cdp_session(page)
    await session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{wrong['id']}: {node['html'][:120]} {node['failureSummary']}"
        for wrong in found["violations"]
        for node in wrong["nodes"]
    ]


async def test_no_width_scrolls_sideways(browser: Browser, there: Stand) -> None:
    async with visit(browser, f"{there.url}/sheet") as page:
        await play(page)
        await page.keyboard.press("k")
        for width in (1920, 1280, 768, 360, 320):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") == width


@asynccontextmanager
async def screen(browser: Browser, address: str) -> AsyncIterator[Page]:
    """The classroom screen, 1920 by 1080."""
    context = await browser.new_context(viewport={"width": 1920, "height": 1080})
    page = await context.new_page()
    try:
        await page.goto(address)
        yield page
    finally:
        await context.close()


async def test_the_class_can_read_the_screen_from_the_back(browser: Browser, there: Stand) -> None:
    async with screen(browser, f"{there.url}/beamer") as page:
        await is_legible(page)
        code = page.locator(".beamer-code")
        assert await code.evaluate("(e) => getComputedStyle(e).fontSize") == "160px"
        picture = await page.locator(".beamer-qr").bounding_box()
        assert picture and (picture["width"], picture["height"]) == (720, 720)
        assert picture["x"] >= 0.05 * 1920
        assert await page.evaluate("document.documentElement.scrollHeight") == 1080


async def test_a_watching_class_sees_the_film_and_one_line(browser: Browser, there: Stand) -> None:
    async with screen(browser, f"{there.url}/watching") as page:
        await page.wait_for_selector(".player[data-mounted][data-state=open]")
        await is_legible(page)
        stage = await page.locator(".player-stage").bounding_box()
        line = await page.locator(".beamer-bar").bounding_box()
        assert stage and line
        assert line["height"] == 64
        assert stage["height"] == pytest.approx(1080 - 64, abs=1)
        assert await page.evaluate("document.documentElement.scrollHeight") == 1080


async def test_every_target_is_large_enough(browser: Browser, there: Stand) -> None:
    size = {"width": 320, "height": 800}
    async with visit(browser, f"{there.url}/player", viewport=size, has_touch=True) as page:
        await play(page)
        small = await page.evaluate(
            """[...document.querySelectorAll("button, a.button, nav a, [role=slider]")]
                .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
                .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))"""
        )
        assert small == []


async def test_captions_of_any_shape_become_cues(page: Page) -> None:
    file = "\ufeffWEBVTT\r\n\r\nNOTE no cue\r\n\r\n1\r\n01:00:02.500 --> 01:00:03.000 line:0\r\n"
    file += "<c.loud>Two &lt;b&gt;\r\nlines</c>\r\n\r\n00:05.000 --> 00:04.000\r\nbackwards\r\n"
    cues = await page.evaluate(
        "async (file) => (await import('/static/js/player/webvtt.js')).parseCues(file)", file
    )
    assert cues == [{"from": 3602.5, "to": 3603, "text": "Two <b>\nlines"}]


async def test_ranges_are_merged_and_walked(page: Page) -> None:
    merged, walked = await page.evaluate(
        """async () => {
            const { merge, nextIn } = await import('/static/js/player/ranges.js');
            const merged = merge([[8, 9], [0, 2], [1, 3], [3.2, 4], [5, 5]]);
            return [merged, [0, 3.9, 4, 7, 9].map((at) => nextIn(merged, at))];
        }"""
    )
    assert merged == [[0, 4], [8, 9]]
    assert walked == [0, 3.9, 8, 8, None]
