"""The pure parts of the live pages' scripts, in the browser that runs them."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.room_stand import ANNA, BRAM, room_stand, track
from tests.support.chromium import light_chromium

pytestmark = pytest.mark.browser


class Scripts:
    """Calls what a script exports."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def run(self, name: str, body: str, given: Any = None) -> Any:
        """`body` is a function's body, in which `it` is the module and `given` what was given."""
        return await self.page.evaluate(
            f"async (given) => {{ const it = await import('/static/js/{name}.js'); {body} }}", given
        )


@pytest.fixture(scope="module")
async def scripts() -> AsyncIterator[Scripts]:
    async with room_stand() as there, light_chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{there.url}/page/none")
        yield Scripts(page)


# --- the ladder --------------------------------------------------------------------------------


async def climb(scripts: Scripts, *, has_relay: bool, first: str = "direct") -> list[Any]:
    """Three steps, each asked when the one before has failed at its last moment."""
    steps: list[Any] = await scripts.run(
        "stage/ladder",
        """
        const ladder = new it.Ladder(given.hasRelay, given.first);
        ladder.begin(1000);
        let now = 1000;
        const steps = [];
        for (let i = 0; i < 3; i++) {
            const step = ladder.next(now);
            steps.push({...step, hopeless: ladder.isHopeless});
            now = step.until ?? step.again_at;
        }
        return steps;
        """,
        {"hasRelay": has_relay, "first": first},
    )
    return steps


async def test_the_relay_is_tried_when_three_seconds_brought_nothing(scripts: Scripts) -> None:
    direct, relay, rest = await climb(scripts, has_relay=True)
    assert (direct["way"], direct["until"]) == ("direct", 4000)
    assert (relay["way"], relay["until"]) == ("relay", 7000)
    assert rest == {"again_at": 9000, "hopeless": True}


async def test_without_a_relay_six_seconds_are_left_for_the_direct_way(scripts: Scripts) -> None:
    direct, rest, _ = await climb(scripts, has_relay=False, first="relay")
    assert (direct["way"], direct["until"], direct["hopeless"]) == ("direct", 7000, False)
    assert rest == {"again_at": 9000, "hopeless": True}


async def test_what_worked_here_before_is_tried_first(scripts: Scripts) -> None:
    ways = [step.get("way") for step in await climb(scripts, has_relay=True, first="relay")]
    assert ways == ["relay", "direct", None]


async def test_a_way_that_worked_is_kept_until_it_fails(scripts: Scripts) -> None:
    told = await scripts.run(
        "stage/ladder",
        """
        const ladder = new it.Ladder(true);
        ladder.begin(0);
        ladder.next(0);
        ladder.next(500);
        ladder.next(900);
        const before = ladder.isHopeless;
        ladder.up("relay");
        ladder.begin(50000);
        const again = ladder.next(50000);
        return {before, after: ladder.isHopeless, again};
        """,
    )
    assert told == {"before": True, "after": False, "again": {"way": "relay", "until": 53000}}


async def test_a_way_that_fails_early_leaves_its_time_to_the_next(scripts: Scripts) -> None:
    told = await scripts.run(
        "stage/ladder",
        "const l = new it.Ladder(true); l.begin(0); l.next(0); return l.next(200);",
    )
    assert told == {"way": "relay", "until": 6000}


@pytest.mark.parametrize(
    ("kept", "way"),
    [
        (None, "direct"),
        ({"way": "relay", "at": 900}, "relay"),
        ({"way": "relay", "at": 1000 - 25 * 3600 * 1000}, "direct"),
        ({"way": "relay", "at": 5000}, "direct"),
        ({"way": "relay"}, "direct"),
        ("relay", "direct"),
        ({"way": "ladder", "at": 900}, "direct"),
    ],
)
async def test_a_device_remembers_its_way_for_a_day(scripts: Scripts, kept: Any, way: str) -> None:
    assert await scripts.run("stage/ladder", "return it.firstWay(given, 1000)", kept) == way


@pytest.mark.parametrize(
    ("local", "rung"),
    [
        ({"candidateType": "host", "protocol": "udp"}, "udp"),
        ({"candidateType": "prflx", "protocol": "tcp"}, "tcp"),
        ({"candidateType": "relay", "protocol": "udp"}, "turn"),
        (None, "none"),
    ],
)
@pytest.mark.parametrize("is_firefox", [False, True])
async def test_the_rung_is_read_from_the_chosen_pair(
    scripts: Scripts, local: Any, rung: str, is_firefox: bool
) -> None:
    pair = {"type": "candidate-pair", "id": "p", "localCandidateId": "l", "state": "succeeded"}
    stats: list[Any] = [{**pair, "nominated": is_firefox}]
    stats += (
        [] if is_firefox else [{"type": "transport", "id": "t", "selectedCandidatePairId": "p"}]
    )
    stats += [{"type": "local-candidate", "id": "l", **local}] if local else []
    assert await scripts.run("stage/ladder", "return it.rungOf(given)", stats) == rung


# --- the line to the room ----------------------------------------------------------------------


async def test_a_page_comes_back_later_each_time_and_never_all_at_once(scripts: Scripts) -> None:
    waits = await scripts.run(
        "stage/room_socket",
        """
        const most = [1, 2, 3, 4, 5, 6, 7, 20].map((n) => it.waitBefore(n, 0.5));
        return {most, early: it.waitBefore(1, 0), late: it.waitBefore(20, 1)};
        """,
    )
    assert waits["most"] == [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]
    assert (waits["early"], waits["late"]) == (125, 12000)


# --- WHIP ----------------------------------------------------------------------------------------

ANSWER = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:oldoldold\r\n"
    "a=candidate:1 1 udp 1 192.0.2.1 7900 typ host\r\na=end-of-candidates\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=ice-ufrag:old\r\na=ice-pwd:oldoldold\r\n"
)


async def link(scripts: Scripts, state: str, body: str) -> list[str]:
    """What a link said and asked whose connection is in this state, while `body` went on; `tell`
    lets the browser know how the connection is reached."""
    return await scripts.run(
        "stage/link",
        """
        const real = [globalThis.RTCPeerConnection, globalThis.fetch];
        let tell = () => {};
        const stats = new Promise((done) => (tell = done));
        globalThis.RTCPeerConnection = class extends EventTarget {
            connectionState = given;
            async createOffer() {}
            async setLocalDescription() {}
            async setRemoteDescription() {}
            getConfiguration() { return {}; }
            getStats() { return stats; }
            close() {}
        };
        const happened = [];
        globalThis.fetch = async (_, {method}) => {
            if (method !== "DELETE") happened.push(method);
            const answer = new Response("", {status: 201, headers: {Location: "/there"}});
            return Object.defineProperty(answer, "url", {value: location.href});
        };
        const link = new it.Link(() => "/whep", () => {});
        for (const name of ["made", "up", "down"]) link.on(name, () => happened.push(name));
        const pause = (ms) => new Promise((done) => setTimeout(done, ms));
        link.start([]);
        while (!happened.includes("made")) await pause(5);
        await pause(5);
        BODY
        await pause(20);
        link.stop();
        [globalThis.RTCPeerConnection, globalThis.fetch] = real;
        return happened;
        """.replace("BODY", body),
        state,
    )


async def test_what_is_stopped_as_it_comes_up_says_nothing_more(scripts: Scripts) -> None:
    happened = await link(scripts, "connected", "link.stop(); tell(new Map());")
    assert happened == ["POST", "made"]


async def test_a_network_that_comes_back_mends_what_was_up(scripts: Scripts) -> None:
    online = 'dispatchEvent(new Event("online"));'
    assert await link(scripts, "connecting", online) == ["POST", "made"]
    breaks = f'tell(new Map()); await pause(5); link.peer.connectionState = "failed"; {online}'
    assert (await link(scripts, "connected", breaks))[:4] == ["POST", "made", "up", "down"]


async def test_a_restart_changes_names_and_addresses_in_the_old_answer(scripts: Scripts) -> None:
    fragment = (
        "a=ice-ufrag:new\r\na=ice-pwd:newnewnew\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 1 198.51.100.7 7900 typ host\r\n"
    )
    told: str = await scripts.run(
        "stage/whip", "return it.renewed(given.answer, given.fragment)",
        {"answer": ANSWER, "fragment": fragment},
    )  # fmt: skip
    lines = told.split("\r\n")
    assert lines.count("a=ice-ufrag:new") == lines.count("a=ice-pwd:newnewnew") == 2
    assert [line for line in lines if "candidate" in line] == [
        "a=candidate:1 1 udp 1 198.51.100.7 7900 typ host", "a=end-of-candidates",
    ]  # fmt: skip
    assert "old" not in told
    assert lines.index("a=end-of-candidates") < lines.index("m=audio 9 UDP/TLS/RTP/SAVPF 111")


async def test_an_answer_without_news_stays_as_it_was(scripts: Scripts) -> None:
    assert await scripts.run("stage/whip", "return it.renewed(given, '')", ANSWER) == ANSWER


async def test_a_restart_tells_the_new_name_and_each_address_once(scripts: Scripts) -> None:
    told = await scripts.run("stage/whip", "return it.fragmentOf(given)", ANSWER)
    assert told.split("\r\n") == [
        "a=ice-ufrag:old", "a=ice-pwd:oldoldold", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0",
        "a=candidate:1 1 udp 1 192.0.2.1 7900 typ host", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "servers"),
    [
        (None, []),
        ("", []),
        (
            '<turns:turn.test:443?transport=tcp>; rel="ice-server"; username="1:a"; '
            'credential="pa/ss=="; credential-type="password", <turn:b.test>; rel=ice-server',
            [
                {
                    "urls": "turns:turn.test:443?transport=tcp",
                    "username": "1:a",
                    "credential": "pa/ss==",
                },
                {"urls": "turn:b.test", "username": None, "credential": None},
            ],
        ),
        (
            '<turn:a.test>; rel="ice-server"; username="a, b; \\"c\\""',
            [{"urls": "turn:a.test", "username": 'a, b; "c"', "credential": None}],
        ),
        ('<https://else.test>; rel="next"', []),
    ],
)
async def test_relays_are_read_from_links(scripts: Scripts, header: Any, servers: Any) -> None:
    told = await scripts.run(
        "stage/ice_links",
        "return JSON.stringify(it.iceLinks(given).map((one) => "
        "({urls: one.urls, username: one.username ?? null, credential: one.credential ?? null})))",
        header,
    )
    assert json.loads(told) == servers


# --- how good it is ------------------------------------------------------------------------------

STILL = {
    "at": 0, "bytes": 0, "received": 0, "lost": 0, "frames": 0, "frozen_s": 0, "height": 720,
    "samples": 0, "concealed": 0, "rtt_s": 0.02,
}  # fmt: skip
WELL = {**STILL, "at": 2000, "bytes": 5e5, "received": 500, "frames": 60, "samples": 96_000}


@pytest.mark.parametrize(
    ("change", "has_picture", "word"),
    [
        ({}, True, "good"),
        ({"bytes": 0}, True, "none"),
        ({"height": 180}, True, "fair"),
        ({"height": 180}, False, "good"),
        ({"lost": 25}, True, "fair"),
        ({"frozen_s": 0.5}, True, "fair"),
        ({"frozen_s": 1}, True, "sound"),
        ({"frames": 0}, True, "sound"),
        ({"frames": 0}, False, "good"),
        ({"concealed": 5_000}, True, "fair"),
        ({"concealed": 15_000}, True, "poor"),
        ({"lost": 300}, False, "poor"),
        ({"rtt_s": 1.2}, True, "fair"),
    ],
)
async def test_a_connection_is_judged_in_a_word(
    scripts: Scripts, change: dict[str, Any], has_picture: bool, word: str
) -> None:
    told = await scripts.run(
        "stage/quality", "return it.judge(given.before, given.after, given.hasPicture)",
        {"before": STILL, "after": {**WELL, **change}, "hasPicture": has_picture},
    )  # fmt: skip
    assert told == word


async def test_a_track_that_comes_or_goes_says_nothing_of_the_connection(scripts: Scripts) -> None:
    fewer = {**STILL, "of": "0", "bytes": 0}
    told = await scripts.run(
        "stage/quality", "return it.judge(given.before, given.after, true)",
        {"before": {**WELL, "of": "0,1"}, "after": fewer},
    )  # fmt: skip
    assert told is None


async def test_a_word_holds_before_it_is_said(scripts: Scripts) -> None:
    found = ["good", "fair", "good", "fair", "fair", "good", "good", "good", "none", "good"]
    told = await scripts.run(
        "stage/quality", "const s = new it.Steady(); return given.map((one) => s.put(one))", found
    )
    assert told == [
        "good", "good", "good", "good", "fair", "fair", "fair", "good", "none", "none",
    ]  # fmt: skip


async def test_stats_are_added_up_over_what_should_flow(scripts: Scripts) -> None:
    sound = {"type": "inbound-rtp", "kind": "audio", "mid": "4", "bytesReceived": 10,
             "packetsReceived": 2, "packetsLost": 1, "totalSamplesReceived": 960,
             "concealedSamples": 480, "silentConcealedSamples": 80}  # fmt: skip
    picture = {"type": "inbound-rtp", "kind": "video", "mid": "0", "bytesReceived": 100,
               "packetsReceived": 3, "framesDecoded": 5, "totalFreezesDuration": 0.25,
               "frameHeight": 360}  # fmt: skip
    pair = {"type": "candidate-pair", "nominated": True, "currentRoundTripTime": 0.03}
    told = await scripts.run(
        "stage/quality", "return it.lookAt(given, 7, (one) => one.mid !== '1')",
        [sound, picture, pair, {**picture, "mid": "1"}],
    )  # fmt: skip
    assert told == {
        "of": "0,4", "at": 7, "bytes": 110, "received": 5, "lost": 1, "frames": 5, "frozen_s": 0.25,
        "height": 360, "samples": 960, "concealed": 400, "rtt_s": 0.03,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("uplink", "word"),
    [
        ({"available_bps": 2_500_000, "lost": 0}, "good"),
        ({"available_bps": 0, "lost": 0}, "good"),
        ({"available_bps": 800_000, "lost": 0}, "fair"),
        ({"available_bps": 200_000, "lost": 0}, "sound"),
        ({"available_bps": 30_000, "lost": 0}, "poor"),
        ({"available_bps": 2_500_000, "lost": 0.1}, "fair"),
        ({"available_bps": 2_500_000, "lost": 0.4}, "poor"),
    ],
)
async def test_an_uplink_is_judged_in_a_word(scripts: Scripts, uplink: Any, word: str) -> None:
    told = await scripts.run("broadcast/uplink", "return it.judgeUplink(given)", uplink)
    assert told == word


@pytest.mark.parametrize(
    ("shown", "quality", "then"),
    [
        ("", "good", ""), ("", "fair", "uplinkFair"), ("uplinkFair", "poor", "uplinkPoor"),
        ("uplinkPoor", "good", ""), ("busy", "good", "busy"), ("busy", "sound", "uplinkPoor"),
    ],
)  # fmt: skip
async def test_a_good_uplink_wipes_no_other_problem_away(
    scripts: Scripts, shown: str, quality: str, then: str
) -> None:
    told = await scripts.run(
        "broadcast/uplink", "return it.problemAfter(...given)", [shown, quality]
    )
    assert told == then


# --- who stands where ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tracks", "chosen", "order"),
    [
        ([], None, []),
        ([track(0, kind="audio")], None, []),
        ([track(1), track(0)], None, [0, 1]),
        ([track(0), track(1, source="screen")], None, [1, 0]),
        ([track(0), track(1, source="screen")], 0, [0, 1]),
        ([track(0), track(1, source="screen", state="stalled")], None, [0, 1]),
        ([track(0, state="hidden"), track(2)], None, [2, 0]),
        ([track(0, state="hidden")], None, [0]),
        ([track(0), track(1)], 3, [0, 1]),
    ],
)
async def test_the_screen_is_large_unless_a_viewer_chose(
    scripts: Scripts, tracks: Any, chosen: Any, order: list[int]
) -> None:
    told = await scripts.run(
        "stage/arrange",
        "const p = it.arrange(given.tracks, given.chosen);"
        "return [p.main, ...p.others].filter(Boolean).map(({slot}) => slot)",
        {"tracks": tracks, "chosen": chosen},
    )
    assert told == order


async def test_news_of_the_stage_are_told_once(scripts: Scripts) -> None:
    before = [track(0), track(0, kind="audio")]
    after = [track(0, state="hidden"), track(0, kind="audio"),
             track(1, member=BRAM, name="Bram", state="waiting")]  # fmt: skip
    script = "return it.news(given[0], given[1])"
    assert await scripts.run("stage/arrange", script, [before, after]) == [
        {"key": "came", "name": "Bram"}, {"key": "hidden", "name": "Anna Bakker"},
    ]  # fmt: skip
    assert await scripts.run("stage/arrange", script, [after, after]) == []
    assert await scripts.run("stage/arrange", script, [after, before]) == [
        {"key": "left", "name": "Bram"}
    ]


UP: dict[str, Any] = {
    "closed": "", "tracks": [track(0), track(0, kind="audio")], "wish": "auto", "is_up": True,
    "was_up": True, "is_hopeless": False, "refused": 0, "is_seen": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "key", "is_open"),
    [
        ({}, "", True),
        ({"is_seen": False}, "connecting", False),
        ({"tracks": []}, "waits", False),
        ({"is_up": False, "was_up": False}, "connecting", False),
        ({"is_up": False}, "again", True),
        ({"is_up": False, "is_hopeless": True}, "noWay", False),
        ({"is_up": False, "was_up": False, "refused": 503}, "full", False),
        ({"is_up": False, "refused": 503}, "again", True),
        ({"refused": 503}, "", True),
        ({"refused": 403}, "removed", False),
        ({"wish": "audio"}, "soundOnly", True),
        ({"tracks": [track(0, kind="audio")]}, "onlySound", True),
        ({"tracks": [track(0, state="hidden")], "is_seen": False}, "", True),
        ({"closed": "session_over"}, "session_over", False),
    ],
)
async def test_a_viewer_is_told_what_stands_in_the_way(
    scripts: Scripts, change: Any, key: str, is_open: bool
) -> None:
    told = await scripts.run("viewer/state", "return it.shown(given)", {**UP, **change})
    assert told == {"key": key, "is_open": is_open}


# --- the presenter's sound and picture -----------------------------------------------------------


def heard(levels: Sequence[float], seconds: float = 6, peak: float = 0.3) -> list[dict[str, float]]:
    """`seconds` of sound that goes through these levels over and over."""
    count = int(seconds * 20)
    return [
        {"at": i * 50, "speech_db": levels[i % len(levels)], "peak": peak} for i in range(count)
    ]


SPEECH = [-24, -20, -28, -60, -22, -26, -58, -21]
MACHINES = [-35, -34, -36, -35]


@pytest.mark.parametrize(
    ("moments", "verdict"),
    [
        ([], ""),
        (heard(SPEECH), ""),
        (heard(MACHINES), "louder"),
        (heard(MACHINES, seconds=3), ""),
        (heard([-35, -34, -22, -21, -36, -20]), ""),
        (heard([-35, -34, -31, -30, -36, -32]), "louder"),
        (heard([-70, -71, -69]), ""),
        (heard([-95, -99]), "silent"),
        (heard(SPEECH, peak=1), "tooLoud"),
    ],
)
async def test_noise_louder_than_a_voice_is_told(
    scripts: Scripts, moments: Any, verdict: str
) -> None:
    assert await scripts.run("broadcast/noise", "return it.judge(given)", moments) == verdict


async def test_only_the_last_seconds_count(scripts: Scripts) -> None:
    later = [{**one, "at": one["at"] + 8000} for one in heard(SPEECH, seconds=7)]
    told = await scripts.run(
        "broadcast/noise", "const l = new it.Listening(); return given.map((one) => l.put(one))",
        heard(MACHINES) + later,
    )  # fmt: skip
    assert "louder" in told
    assert told[-1] == ""


async def test_a_voice_is_measured_between_its_lowest_and_highest_tones(scripts: Scripts) -> None:
    """A spectrum of 1024 bins at 48 kHz: 23.4 Hz each."""
    quiet = [-120.0] * 1024
    hum, voice, hiss = ([*quiet] for _ in range(3))
    hum[4], voice[43], hiss[400] = -10, -10, -10
    levels = [
        await scripts.run("broadcast/noise", "return it.speechLevel(given, 48000)", one)
        for one in (hum, voice, hiss)
    ]
    assert levels[1] == pytest.approx(-10, abs=0.1)
    assert max(levels[0], levels[2]) < -90


async def test_the_browser_cleans_the_sound_as_the_surroundings_ask(scripts: Scripts) -> None:
    script = "return ['quiet', 'machines', 'heard'].map((one) => it.soundWish(one, 'mic'))"
    quiet, machines, heard_ = await scripts.run("broadcast/wishes", script)
    assert quiet["echoCancellation"] and not quiet["noiseSuppression"]
    assert machines["echoCancellation"] and machines["noiseSuppression"]
    assert not (heard_["noiseSuppression"] or heard_["echoCancellation"])
    assert quiet["deviceId"] == {"ideal": "mic"}


async def test_h264_is_offered_first_and_its_plainest_form_before_the_others(
    scripts: Scripts,
) -> None:
    codecs = [
        {"mimeType": "video/VP8"},
        {"mimeType": "video/rtx"},
        {"mimeType": "video/H264", "sdpFmtpLine": "packetization-mode=0;profile-level-id=42e01f"},
        {"mimeType": "video/H264", "sdpFmtpLine": "packetization-mode=1;profile-level-id=640034"},
        {"mimeType": "video/H264", "sdpFmtpLine": "packetization-mode=1;profile-level-id=42e01f"},
        {"mimeType": "video/AV1"},
    ]
    told = await scripts.run("broadcast/wishes", "return it.h264First(given)", codecs)
    assert told == [codecs[4], codecs[2], codecs[3], codecs[0], codecs[1], codecs[5]]


@pytest.mark.parametrize(
    ("facts", "state", "first"),
    [
        ({}, "off", "open"),
        ({"is_open": True}, "ready", "live"),
        ({"is_open": True, "is_away": True}, "off", "open"),
        ({"is_open": True, "is_live": True}, "live", "hide"),
        ({"is_live": True, "is_hidden": True}, "hidden", "show"),
        ({"is_open": True, "is_live": True, "is_away": True}, "away", "resume"),
        ({"elsewhere": "shown"}, "elsewhere", "hide"),
        ({"is_open": True, "elsewhere": "hidden"}, "elsewhereHidden", "show"),
        ({"is_open": True, "is_live": True, "elsewhere": "hidden"}, "live", "hide"),
    ],
)
async def test_a_presenter_has_one_large_button(
    scripts: Scripts, facts: Any, state: str, first: str
) -> None:
    nothing = {"is_open": False, "is_live": False, "is_hidden": False, "is_away": False,
               "elsewhere": ""}  # fmt: skip
    told = await scripts.run(
        "broadcast/state",
        "const s = it.stateOf(given); return [s, it.buttonsOf(s)[0]]",
        {**nothing, **facts},
    )
    assert told == [state, first]


@pytest.mark.parametrize(
    ("tracks", "is_paused", "shown"),
    [
        ([], False, ""),
        ([track(0, member="other")], False, ""),
        ([track(0, source="screen")], False, ""),
        ([track(0)], False, "shown"),
        ([track(0, state="stalled"), track(0, kind="audio")], False, "shown"),
        ([track(0, state="hidden"), track(0, kind="audio", state="hidden")], False, "hidden"),
        ([track(0, state="hidden")], True, "shown"),
    ],
)
async def test_what_a_presenter_shows_from_elsewhere(
    scripts: Scripts, tracks: list[Any], is_paused: bool, shown: str
) -> None:
    told = await scripts.run(
        "broadcast/state", "return it.shownOf(...given)", [tracks, ANNA, is_paused]
    )
    assert told == shown


# --- the test of the way -------------------------------------------------------------------------


def probed(rung: str, result: str, *addresses: str) -> dict[str, Any]:
    ms = 120 if result == "works" else None
    return {"rung": rung, "result": result, "ms": ms, "addresses": list(addresses)}


@pytest.mark.parametrize(
    ("results", "key"),
    [
        (("works", "works", "absent"), "sumBest"),
        (("fails", "works", "works"), "sumGood"),
        (("fails", "fails", "works"), "sumRelay"),
        (("fails", "fails", "absent"), "sumNone"),
    ],
)
async def test_the_best_way_that_works_makes_the_sum(
    scripts: Scripts, results: tuple[str, ...], key: str
) -> None:
    all_ = [probed(rung, one) for rung, one in zip(("udp", "tcp", "turn"), results, strict=True)]
    assert await scripts.run("check/report", "return it.sumOf(given)", all_) == key


async def test_the_report_says_what_to_open(scripts: Scripts) -> None:
    all_ = [
        probed("udp", "fails", "192.0.2.7 7900", "2001:db8::7 7900"),
        probed("tcp", "works", "192.0.2.7 7900"),
        probed("turn", "absent"),
    ]
    told: str = await scripts.run(
        "check/report",
        """
        const text = (key, values = {}) => [key, ...Object.values(values)].join(" ");
        const about = {when: "now", page: "here", browser: "mine", names: {udp: "UDP"}};
        return it.reportOf(given, about, text);
        """,
        all_,
    )
    lines = told.split("\n")
    assert lines[:3] == ["reportHead", "", "sumGood"]
    assert "reportWay UDP fails 0" in lines
    assert "reportWay tcp works 120" in lines
    assert lines[-3:] == [
        "reportOpen", "- reportUdp 192.0.2.7 7900", "- reportUdp 2001:db8::7 7900",
    ]  # fmt: skip


async def test_addresses_of_one_kind_are_read_from_an_answer(scripts: Scripts) -> None:
    sdp = (
        "a=candidate:1 1 udp 2130706431 192.0.2.7 7900 typ host\r\n"
        "a=candidate:2 1 TCP 1671430143 192.0.2.7 7901 typ host tcptype passive\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.7 7900 typ host\r\n"
    )
    script = "return [it.addressesIn(given, 'udp'), it.addressesIn(given, 'tcp')]"
    assert await scripts.run("check/probe", script, sdp) == [["192.0.2.7 7900"], ["192.0.2.7 7901"]]


async def test_the_relay_is_named_with_its_port(scripts: Scripts) -> None:
    servers = [
        {"urls": ["turns:turn.test:443?transport=tcp", "turns:turn.test"]},
        {"urls": "turn:[2001:db8::1]:3479"},
    ]
    assert await scripts.run("check/probe", "return it.relayAddresses(given)", servers) == [
        "turn.test 443", "turn.test 5349", "[2001:db8::1] 3479",
    ]  # fmt: skip
