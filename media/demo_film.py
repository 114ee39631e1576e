"""The demo's own film: a minute at a maker of wind turbines, drawn by ffmpeg from vectors.

Nothing is filmed and the machine needs no font: each scene is a list of shapes in the drawing
commands of Advanced SubStation Alpha, which libass animates. Pure text in here; `media.ffmpeg`
renders it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media import empty_font

WIDTH, HEIGHT, FPS = 1280, 720, 25
SCENE_S = 11
SCENES = ("coast", "field", "hall", "blade", "control", "evening")
DURATION_S = SCENE_S * len(SCENES)

# Colours as in the product: paper, sea, ink, and the one hi-vis.
PAPER, SEA, DEEP, INK = "faf8f3", "0b5c6b", "084854", "14222b"
HI_VIS, SKY, DUSK, GREY = "ffb000", "bfe0e6", "e0680f", "76736a"
HILL, STEEL, NIGHT = "1b7040", "9fb0ba", "0d151b"

HEADER = f"""[Script Info]
ScriptType: v4.00+
PlayResX: {WIDTH}
PlayResY: {HEIGHT}

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Outline, Shadow, Alignment
Style: Shape,{empty_font.FAMILY},20,&H00FFFFFF,0,0,7

{empty_font.section()}
[Events]
Format: Layer, Start, End, Style, Text
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape on screen. `path`: drawing commands; `tags`: how it moves; times in seconds."""

    layer: int
    start_s: float
    end_s: float
    colour: str
    path: str
    x: float = 0
    y: float = 0
    tags: str = ""

    def line(self) -> str:
        """The shape as one event line; colours are written blue first."""
        red, green, blue = (self.colour[at : at + 2] for at in (0, 2, 4))
        place = "" if "\\move" in self.tags else f"\\pos({self.x:g},{self.y:g})"
        return (
            f"Dialogue: {self.layer},{_time(self.start_s)},{_time(self.end_s)},Shape,"
            f"{{\\an7\\bord0\\shad0{place}{self.tags}\\1c&H{blue}{green}{red}&\\p1}}{self.path}{{\\p0}}"
        )


def _time(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"0:{int(minutes):02}:{rest:05.2f}"


def script() -> str:
    """The whole film as one subtitle script."""
    shapes = [
        shape
        for number, scene in enumerate((_coast, _field, _hall, _blade, _control, _evening))
        for shape in scene(number * SCENE_S)
    ]
    return HEADER + "\n".join(shape.line() for shape in [*shapes, *_porthole()]) + "\n"


def box(width: float, height: float) -> str:
    """A rectangle from the origin."""
    return f"m 0 0 l {width:g} 0 {width:g} {height:g} 0 {height:g}"


def polygon(*points: tuple[float, float]) -> str:
    """A closed shape through points."""
    first, *rest = (f"{x:g} {y:g}" for x, y in points)
    return f"m {first} l {' '.join(rest)}"


def circle(radius: float, cx: float = 0, cy: float = 0, *, is_hole: bool = False) -> str:
    """A circle of four Bézier arcs round (cx, cy); a hole runs round the other way."""
    k, r, way = radius * 0.5523, radius, -1 if is_hole else 1
    right = [(k, -r, r, -k, r, 0), (r, k, k, r, 0, r)]
    left = [(-k, r, -r, k, -r, 0), (-r, -k, -k, -r, 0, -r)]
    turns = " ".join(
        "b " + " ".join(f"{v * (1, way)[at % 2] + (cx, cy)[at % 2]:g}" for at, v in enumerate(arc))
        for arc in right + left
    )
    return f"m {cx:g} {cy - r * way:g} {turns}"


def waves(count: int, width: float, height: float) -> str:
    """A strip of water whose upper edge rolls."""
    step = width / count
    crests = " ".join(
        f"b {at * step + step / 3:g} {-height:g} {at * step + step * 2 / 3:g} {height:g} "
        f"{(at + 1) * step:g} 0"
        for at in range(count)
    )
    return f"m 0 0 {crests} l {width:g} 400 0 400"


def _sky(at: float, colours: Sequence[str]) -> Iterator[Shape]:
    band = HEIGHT / len(colours)
    for number, colour in enumerate(colours):
        yield Shape(0, at, at + SCENE_S, colour, box(WIDTH, band + 1), 0, number * band)


def _slide(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"\\move({x0:g},{y0:g},{x1:g},{y1:g})"


def _turbine(at: float, x: float, foot: float, size: float, turns: float) -> Iterator[Shape]:
    end, hub = at + SCENE_S, foot - 300 * size
    mast = polygon((-9 * size, 0), (9 * size, 0), (5 * size, -300 * size), (-5 * size, -300 * size))
    yield Shape(4, at, end, PAPER, mast, x, foot)
    wing = polygon((-4, -8), (6, -8), (12, -60), (3, -190), (0, -195), (-3, -60))
    for third in range(3):
        spin = (
            f"\\fscx{size * 100:g}\\fscy{size * 100:g}\\org({x:g},{hub:g})\\frz{third * 120}"
            f"\\t(\\frz{third * 120 - 360 * turns:g})"
        )
        yield Shape(5, at, end, PAPER, wing, x - 0 * size, hub, spin)
    yield Shape(6, at, end, HI_VIS, circle(11 * size), x, hub)


def _coast(at: float) -> Iterator[Shape]:
    """Dawn over the sea; turbines far out, a boat on its way to them."""
    end = at + SCENE_S
    yield from _sky(at, ("fbe3c0", "fbdcae", "f9d29a", "f6c583", "f0b45a", "e99f45"))
    yield Shape(1, at, end, HI_VIS, circle(90), tags=_slide(640, 560, 640, 380))
    for x, size in ((180, 0.45), (330, 0.55), (980, 0.6), (1130, 0.45)):
        yield from _turbine(at, x, 500, size, 2.2)
    for layer, (y, colour, shift) in enumerate(
        ((470, "287b8c", 120), (520, SEA, -160), (590, DEEP, 200))
    ):
        yield Shape(
            7 + layer, at, end, colour, waves(12, 1800, 16), tags=_slide(-260, y, -260 + shift, y)
        )
    hull = "m 0 0 l 190 0 160 46 30 46"
    yield Shape(8, at, end, INK, hull, tags=_slide(-220, 540, 700, 532))
    yield Shape(8, at, end, PAPER, box(66, 40), tags=_slide(-170, 500, 750, 492))
    yield Shape(8, at, end, HI_VIS, box(10, 34), tags=_slide(-90, 506, 830, 498))


def _field(at: float) -> Iterator[Shape]:
    """Three large turbines on green land, clouds passing."""
    end = at + SCENE_S
    yield from _sky(at, ("a9d6df", "b7dde4", "c4e3e9", "d2eaee", "e0f0f3", "eef6f7"))
    for x0, x1, y, size in ((-200, 420, 110, 1.0), (500, 900, 190, 0.7), (900, 1400, 90, 1.2)):
        cloud = (
            f"{circle(46 * size)} {circle(34 * size, 52 * size, 10)} {circle(30 * size, -48, 12)}"
        )
        yield Shape(1, at, end, "ffffff", cloud, tags=_slide(x0, y, x1, y))
    yield Shape(2, at, end, "2f8f58", "m 0 0 b 300 -120 620 -120 900 0 l 900 400 0 400", -120, 560)
    yield Shape(3, at, end, HILL, "m 0 200 b 300 -150 760 -150 1100 10 l 1100 400 0 400", 380, 600)
    for x, foot, size in ((300, 560, 1.0), (690, 580, 1.35), (1060, 560, 0.9)):
        yield from _turbine(at, x, foot, size, 3)
    for x in range(0, WIDTH, 80):
        yield Shape(7, at, end, "155c34", polygon((0, 0), (10, -34), (20, 0)), x + 20, 720)


def _hall(at: float) -> Iterator[Shape]:
    """The assembly hall: a belt with gearwheels, a robot arm that nods over them."""
    end = at + SCENE_S
    yield from _sky(at, ("e3e8ea", "dbe2e5", "d3dbdf", "cbd5d9", "c3ced3", "bbc8ce"))
    for x in range(40, WIDTH, 240):
        yield Shape(1, at, end, PAPER, box(158, 198), x - 4, 66)
        yield Shape(1, at, end, SKY, box(150, 190), x, 70)
        yield Shape(1, at, end, "7fb8c4", box(150, 60), x, 200)
        yield Shape(1, at, end, STEEL, box(4, 190), x + 73, 70)
    yield Shape(2, at, end, GREY, box(WIDTH, 26), 0, 560)
    yield Shape(2, at, end, INK, box(WIDTH, 150), 0, 586)
    for x in range(20, WIDTH, 120):
        yield from _wheel(at, x, 600, 14, 4, STEEL)
    for number in range(7):
        start = -300 + number * 230
        yield from _moving_gear(at, start, start + 420, 500, 56)
    yield from _arm(at, 420)
    yield from _arm(at, 900)


def gear(radius: float, teeth: int) -> str:
    """A gearwheel round the origin."""
    points = []
    for tooth in range(teeth * 4):
        angle = math.tau * tooth / (teeth * 4)
        reach = radius if tooth % 4 in {0, 1} else radius * 0.82
        points.append((round(reach * math.cos(angle), 1), round(reach * math.sin(angle), 1)))
    return polygon(*points)


def _wheel(
    at: float, x: float, y: float, radius: float, turns: float, colour: str
) -> Iterator[Shape]:
    spin = f"\\org({x:g},{y:g})\\t(\\frz{-360 * turns:g})"
    yield Shape(3, at, at + SCENE_S, colour, gear(radius, 8), x, y, spin)


def _moving_gear(at: float, x0: float, x1: float, y: float, radius: float) -> Iterator[Shape]:
    yield Shape(4, at, at + SCENE_S, SEA, gear(radius, 12), tags=_slide(x0, y, x1, y))
    yield Shape(5, at, at + SCENE_S, PAPER, circle(radius * 0.35), tags=_slide(x0, y, x1, y))


def _arm(at: float, x: float) -> Iterator[Shape]:
    end, nod = at + SCENE_S, ""
    for beat in range(4):
        begin = beat * 2600 + 300
        nod += f"\\t({begin},{begin + 900},\\frz-16)\\t({begin + 1100},{begin + 2000},\\frz12)"
    yield Shape(6, at, end, INK, polygon((-50, 0), (50, 0), (30, -40), (-30, -40)), x, 300)
    swing = f"\\org({x:g},280)\\frz12{nod}"
    yield Shape(
        6, at, end, HI_VIS, polygon((-20, 0), (20, 0), (12, 170), (-12, 170)), x, 270, swing
    )
    yield Shape(7, at, end, INK, circle(20), x, 280)
    yield Shape(
        7, at, end, INK, polygon((-30, 165), (30, 165), (14, 190), (-14, 190)), x, 270, swing
    )


def _blade(at: float) -> Iterator[Shape]:
    """One blade, forty metres long, and the light that measures it."""
    end = at + SCENE_S
    yield from _sky(at, (DEEP, "0a5160", SEA, "0e6778", "127284", "167d90"))
    yield Shape(1, at, end, NIGHT, box(WIDTH, 150), 0, 570)
    upper = "m 0 0 b 40 -70 260 -90 460 -70 b 760 -46 980 -20 1120 0"
    blade = f"{upper} b 900 24 420 60 200 56 b 90 52 20 40 0 0"
    yield Shape(3, at, end, PAPER, blade, 80, 380)
    yield Shape(4, at, end, "dcd7cb", "m 0 0 b 300 -30 700 -24 1080 0 b 700 6 300 0 0 0", 110, 385)
    for x in (240, 620, 960):
        yield Shape(2, at, end, GREY, polygon((-26, 0), (26, 0), (50, 180), (-50, 180)), x, 400)
    scan = "\\alpha&H40&\\move(90,250,1190,250)"
    yield Shape(5, at, end, HI_VIS, box(8, 240), tags=scan)
    yield Shape(
        6,
        at,
        end,
        HI_VIS,
        polygon((-40, 0), (48, 0), (20, 50), (-12, 50)),
        tags=_slide(90, 200, 1190, 200),
    )
    yield from _person(at, 330, 620)
    yield from _person(at, 720, 630)


def _person(at: float, x: float, y: float) -> Iterator[Shape]:
    end = at + SCENE_S
    yield Shape(7, at, end, STEEL, "m -24 0 l -20 -92 l 20 -92 24 0 4 0 0 -34 -4 0", x, y)
    yield Shape(7, at, end, HI_VIS, "m -21 -40 l -20 -92 b -10 -112 10 -112 20 -92 l 21 -40", x, y)
    yield Shape(8, at, end, "e5b48f", circle(17), x, y - 122)
    yield Shape(9, at, end, PAPER, "m -20 0 b -20 -26 20 -26 20 0", x, y - 126)


def _control(at: float) -> Iterator[Shape]:
    """The control room at night: curves that run, lamps that stay calm."""
    end = at + SCENE_S
    yield from _sky(at, (NIGHT, NIGHT, "101b22", "12202a", "152530", "172a36"))
    for column, x in enumerate((90, 470, 850)):
        yield Shape(1, at, end, "2b3a44", box(340, 230), x, 120)
        yield Shape(2, at, end, "10303a", box(320, 210), x + 10, 130)
        bars = ((at_x, 40 + 110 * abs(math.sin(at_x * 0.9 + column))) for at_x in range(9))
        for number, (_, height) in enumerate(bars):
            grow = f"\\fscy10\\t({number * 350},{number * 350 + 900},\\fscy100)"
            path = polygon((0, 0), (22, 0), (22, -height), (0, -height))
            colour = HI_VIS if number == 6 else "5cc3d6"
            yield Shape(3, at, end, colour, path, x + 30 + number * 33, 325, grow)
        cover = f"\\clip({x + 10},130,{x + 330},340)\\move({x + 10},130,{x + 340},130,400,9000)"
        yield Shape(4, at, end, "eef3f5", box(3, 210), tags=cover)
    yield Shape(5, at, end, "2b3a44", polygon((60, 0), (1220, 0), (1280, 150), (0, 150)), 0, 470)
    for number, x in enumerate(range(180, 1140, 80)):
        lamp = "5fca8b" if number % 4 else HI_VIS
        yield Shape(6, at, end, lamp, circle(11), x, 520)
    yield from _person(at, 420, 690)
    yield from _person(at, 860, 690)


def _evening(at: float) -> Iterator[Shape]:
    """Sunset: a ship takes three blades out to sea."""
    end = at + SCENE_S
    yield from _sky(at, ("3b2a52", "63365b", "944659", "c55f4c", DUSK, "f0993c"))
    yield Shape(1, at, end, "ffd166", circle(110), tags=_slide(860, 380, 860, 520))
    for x, size in ((120, 0.5), (240, 0.65), (1180, 0.55)):
        yield from _turbine(at, x, 500, size, 1.6)
    yield Shape(7, at, end, "244d63", waves(10, 1900, 18), tags=_slide(-100, 480, -260, 480))
    ship = "m 0 0 l 620 0 560 80 60 80"
    yield Shape(8, at, end, NIGHT, ship, tags=_slide(140, 470, 420, 470))
    yield Shape(8, at, end, PAPER, box(90, 90), tags=_slide(180, 380, 460, 380))
    for x in (330, 470, 600):
        yield Shape(8, at, end, NIGHT, box(8, 96), tags=_slide(x, 376, x + 280, 376))
    for number in range(3):
        y = 452 - number * 30
        wing = "m 0 0 b 60 -13 200 -13 400 0 b 200 9 60 9 0 0"
        yield Shape(9, at, end, PAPER, wing, tags=_slide(300, y, 580, y))
    yield Shape(10, at, end, "163648", waves(14, 1900, 22), tags=_slide(-260, 560, -80, 560))
    yield Shape(11, at, end, NIGHT, waves(9, 1900, 26), tags=_slide(-60, 650, -240, 650))


def _porthole() -> Iterator[Shape]:
    """The film opens from one round window, and closes into it.

    One exact shape a frame: a scaled one would be drawn far beyond the picture, 20 times slower.
    """
    for frame in range(2 * FPS):
        share = max(0.0, (frame - FPS * 0.6) / (FPS * 1.4))
        radius = 140 + 620 * share**1.6
        yield from _round_window(frame / FPS, radius)
        yield from _round_window(DURATION_S - (frame + 1) / FPS, radius)


def _round_window(at: float, radius: float) -> Iterator[Shape]:
    wall = f"{box(WIDTH, HEIGHT)} {circle(radius, WIDTH / 2, HEIGHT / 2, is_hole=True)}"
    rim = f"{circle(radius + 22)} {circle(radius, is_hole=True)}"
    yield Shape(50, at, at + 1 / FPS, NIGHT, wall)
    yield Shape(51, at, at + 1 / FPS, STEEL, rim, WIDTH / 2, HEIGHT / 2)


# Nobody speaks in it, so captions tell what is seen: per language, two lines a scene.
TOLD = {
    "nl": (
        ("Vroeg in de ochtend.", "Een boot vaart naar de windmolens op zee."),
        ("Ook op het land draaien ze.", "Eén molen maakt stroom voor 4.000 huizen."),
        ("In deze hal worden ze gebouwd.", "De robotarm zet de tandwielen op hun plek."),
        ("Dit blad is 40 meter lang.", "Licht meet of de vorm precies klopt."),
        ("In de controlekamer houden twee mensen", "dag en nacht alle molens in de gaten."),
        ("Aan het eind van de dag gaan drie", "nieuwe bladen met het schip naar zee."),
    ),
    "en": (
        ("Early in the morning.", "A boat sails to the wind turbines at sea."),
        ("They turn on land as well.", "One turbine makes power for 4,000 homes."),
        ("They are built in this hall.", "The robot arm puts the gearwheels in place."),
        ("This blade is 40 metres long.", "Light measures whether its shape is right."),
        ("In the control room two people", "watch over all turbines, day and night."),
        ("At the end of the day three new", "blades leave for the sea by ship."),
    ),
}
SOUND_TOLD = {
    "nl": "(rustige muziek en zee, niemand spreekt)",
    "en": "(calm music and sea, nobody speaks)",
}


def cues(language: str) -> list[dict[str, int | str]]:
    """Captions of the film: `start_ms`, `end_ms`, `text`, as `captions.cues` keeps them."""
    found: list[dict[str, int | str]] = [
        {"start_ms": 200, "end_ms": 2600, "text": SOUND_TOLD[language]}
    ]
    for number, lines in enumerate(TOLD[language]):
        start = number * SCENE_S * 1000
        begin = start + (2800 if number == 0 else 600)
        middle = start + SCENE_S * 500 + 600
        found.append({"start_ms": begin, "end_ms": middle - 100, "text": lines[0]})
        found.append({"start_ms": middle, "end_ms": start + SCENE_S * 1000 - 400, "text": lines[1]})
    return found


def sound() -> str:
    """The sound as an `aevalsrc` expression: slow chords over the sea, one chord a scene."""
    chords = ((220, 277.2, 329.6), (196, 246.9, 293.7), (174.6, 220, 261.6),
              (164.8, 207.7, 246.9), (196, 233.1, 293.7), (220, 277.2, 329.6))  # fmt: skip
    voices = []
    for number, chord in enumerate(chords):
        begin = number * SCENE_S
        swell = f"between(t,{begin},{begin + SCENE_S})*sin(PI*(t-{begin})/{SCENE_S})"
        tones = "+".join(f"sin(2*PI*{tone}*t)+0.3*sin(4*PI*{tone}*t)" for tone in chord)
        voices.append(f"{swell}*0.06*({tones})")
    sea = "0.05*(random(0)-0.5)*(0.6+0.4*sin(2*PI*t/6))"
    return f"{'+'.join(voices)}+{sea}"
