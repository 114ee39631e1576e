"""Who plays in the demo. Nobody of them exists: every address ends in `.example`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class School:
    """A made-up site; no school has a number that begins with 98D."""

    code: str
    name: str
    place: str
    region: str
    levels: tuple[str, ...]
    domain: str


@dataclass(frozen=True, slots=True)
class Company:
    """A made-up company in a region."""

    name: str
    place: str
    region: str
    about: str


@dataclass(frozen=True, slots=True)
class Part:
    """A person and her one role; `at`: the region, company or school code it is limited to."""

    email: str
    name: str
    role: str
    at: str = ""
    language: str = "nl"
    try_this: str = ""


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the teacher at `teacher`."""

    teacher: str
    name: str
    level: str
    grade: int
    subject: str
    pupils: int


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its schools, by code, and its companies, by name."""

    name: str
    schools: tuple[str, ...]
    companies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """One programme with everybody in it."""

    slug: str
    name: str
    is_public: bool
    regions: tuple[str, ...]
    schools: tuple[School, ...]
    companies: tuple[Company, ...]
    parts: tuple[Part, ...]
    classes: tuple[Class, ...]
    # by language
    objectives: tuple[dict[str, str], ...]
    networks: tuple[Network, ...] = ()


TEACHER = "docent@driehoek.example"
EDITOR = "film@havenlicht.example"
REVIEWER = "twente@jetnet.example"

DEMO = Cast(
    slug="demo",
    name="Jet-Net demo",
    is_public=True,
    regions=("Twente", "Rijnmond"),
    schools=(
        School(
            "98DA00", "De Driehoek", "Hengelo", "Twente", ("havo", "vwo"), "driehoek.example"
        ),
        School(
            "98DB00", "Noorderlicht College", "Enschede", "Twente",
            ("vmbo", "havo", "vwo"), "noorderlicht.example",
        ),
        School("98DC03", "Vakschool De Berkel", "Almelo", "Twente", ("vmbo",), "berkel.example"),
        School(
            "98DD00", "Maaslicht College", "Rotterdam", "Rijnmond",
            ("havo", "vwo"), "maaslicht.example",
        ),
        School(
            "98DE01", "De Waterweg", "Vlaardingen", "Rijnmond",
            ("vmbo", "havo"), "waterweg.example",
        ),
        School(
            "98DF02", "Praktijkschool Havenhoofd", "Schiedam", "Rijnmond",
            ("praktijk", "vmbo"), "havenhoofd.example",
        ),
    ),
    companies=(
        Company(
            "Havenlicht", "Enschede", "Twente",
            "Maakt windmolens, van de bladen tot de besturing. 420 mensen.",
        ),
        Company(
            "Waterkracht Rijnmond", "Rotterdam", "Rijnmond",
            "Bouwt pompen en gemalen die het land droog houden. 160 mensen.",
        ),
    ),
    parts=(
        Part(TEACHER, "Noor Bakker", "teacher", "98DA00", try_this="show the tour to class 3B"),
        Part(EDITOR, "Sem Visser", "editor", "Havenlicht", try_this="make a tour of a film"),
        Part(REVIEWER, "Ria Koper", "coordinator", "Twente", try_this="review, and attendance"),
        Part("rijnmond@jetnet.example", "Omar Haddad", "coordinator", "Rijnmond"),
        Part(
            "bureau@jetnet.example", "Lotte de Wit", "bureau",
            try_this="schools, people, companies",
        ),
        Part("docent@maaslicht.example", "Daan Mulder", "teacher", "98DD00"),
        Part("film@waterkracht.example", "Iris Prins", "editor", "Waterkracht Rijnmond"),
        Part(
            "spreker@havenlicht.example", "Youssef Amrani", "presenter", "Havenlicht",
            try_this="go live in the room that is open",
        ),
        Part("moderator@jetnet.example", "Fenna Post", "moderator"),
        Part("koppelaar@jetnet.example", "Bram Kok", "facilitator", "Twente"),
        Part("veilig@jetnet.example", "Maud Jansen", "safeguarding"),
        Part("beheer@jetnet.example", "Tim Smit", "operator", language="en"),
    ),
    classes=(
        Class(TEACHER, "3B", "havo", 3, "natuurkunde", 28),
        Class(TEACHER, "5V1", "vwo", 5, "natuurkunde", 24),
        Class(TEACHER, "4H3", "havo", 4, "natuurkunde", 26),
    ),
    objectives=(
        {"nl": "Kennismaken met werk in techniek", "en": "Get to know work in technology"},
        {"nl": "Meer meisjes in techniek", "en": "More girls in technology"},
    ),
    networks=(Network("VO-HO-netwerk Twente", ("98DA00", "98DB00"), ("Havenlicht",)),),
)  # fmt: skip

# A second programme in the same installation: nothing of the first may be seen in it.
APART = Cast(
    slug="demo-apart",
    name="Techniek van Dichtbij demo",
    is_public=False,
    regions=("Zeeland",),
    schools=(
        School(
            "98DZ00", "Scheldecollege", "Vlissingen", "Zeeland", ("havo", "vwo"), "schelde.example"
        ),
    ),
    companies=(Company("Zilte Techniek", "Middelburg", "Zeeland", "Maakt meetboeien."),),
    parts=(
        Part("docent@schelde.example", "Eva Maas", "teacher", "98DZ00"),
        Part("film@zilt.example", "Koen Bos", "editor", "Zilte Techniek"),
        Part("zeeland@dichtbij.example", "Sara Vos", "coordinator", "Zeeland"),
        Part("bureau@dichtbij.example", "Jan Dekker", "bureau"),
    ),
    classes=(Class("docent@schelde.example", "4H", "havo", 4, "scheikunde", 22),),
    objectives=(),
)

CASTS = (DEMO, APART)
