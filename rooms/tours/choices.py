"""The fixed lists a tour is described with: stable codes; their words are made at the edge."""

SECTORS = (
    "agrofood",
    "building",
    "chemistry",
    "creative",
    "energy",
    "health",
    "high_tech",
    "ict",
    "logistics",
    "maritime",
    "materials",
    "water",
    "other",
)

LEVELS = ("po", "vmbo", "praktijk", "havo", "vwo", "mbo", "hbo", "wo")

SUBJECTS = (
    "biology",
    "chemistry",
    "physics",
    "maths",
    "technology",
    "computing",
    "economics",
    "geography",
    "careers",
)

# Languages a film may speak and captions may be written in; the interface has its own list.
LANGUAGES = ("nl", "en", "de", "fr", "es", "eu", "da", "fy", "pl", "tr", "ar", "uk")

# Languages a tour's title and description are written in.
TEXT_LANGUAGES = ("nl", "en")

# What the company looks for in its film before anybody else sees it.
CHECKS = ("faces", "names", "badges", "screens", "phones", "music")

# The five types of BètaTechMentality: they describe the content, never a pupil.
BTM_TYPES = ("innovators", "doers", "social", "discoverers", "makers")
MAX_BTM_TYPES = 2


def known(values: list[str], among: tuple[str, ...]) -> list[str]:
    """Those of `values` that stand in the list, each once, in the list's order."""
    return [code for code in among if code in values]
