"""The words for a tour's codes, marked here, translated where they are shown."""

from rooms.tours.states import State
from server.i18n import N_, translate

LANGUAGES = {
    "nl": N_("Dutch"),
    "en": N_("English"),
    "de": N_("German"),
    "fr": N_("French"),
    "es": N_("Spanish"),
    "eu": N_("Basque"),
    "da": N_("Danish"),
    "fy": N_("Frisian"),
    "pl": N_("Polish"),
    "tr": N_("Turkish"),
    "ar": N_("Arabic"),
    "uk": N_("Ukrainian"),
}

SECTORS = {
    "agrofood": N_("Food and farming"),
    "building": N_("Building"),
    "chemistry": N_("Chemical industry"),
    "creative": N_("Creative industry"),
    "energy": N_("Energy"),
    "health": N_("Health"),
    "high_tech": N_("High tech and machines"),
    "ict": N_("ICT"),
    "logistics": N_("Logistics"),
    "maritime": N_("Maritime"),
    "materials": N_("Materials and metal"),
    "water": N_("Water"),
    "other": N_("Something else"),
}

# Names of Dutch school types stay as they are in every language.
LEVELS = {
    "po": N_("primary school (po)"),
    "vmbo": "vmbo",
    "praktijk": N_("practical (praktijkonderwijs)"),
    "havo": "havo",
    "vwo": "vwo",
    "mbo": "mbo",
    "hbo": "hbo",
    "wo": N_("university (wo)"),
}

SUBJECTS = {
    "biology": N_("Biology"),
    "chemistry": N_("Chemistry"),
    "physics": N_("Physics"),
    "maths": N_("Mathematics"),
    "technology": N_("Technology"),
    "computing": N_("Computing"),
    "economics": N_("Economics"),
    "geography": N_("Geography"),
    "careers": N_("Career orientation"),
}

CHECKS = {
    "faces": N_("Faces: everybody who can be recognised has agreed"),
    "names": N_("Names: none that should not be read or heard"),
    "badges": N_("Badges and number plates: none can be read"),
    "screens": N_("Screens and papers: nothing secret or private can be read"),
    "phones": N_("Phone numbers and addresses: only those that are for everybody"),
    "music": N_("Music: we may use it here"),
}

BTM_TYPES = {
    "innovators": N_("Innovators"),
    "doers": N_("Doers"),
    "social": N_("Social implementers"),
    "discoverers": N_("Discoverers"),
    "makers": N_("Creative makers"),
}

LENGTHS = {
    "short": N_("under 5 minutes"),
    "middle": N_("5 to 15 minutes"),
    "long": N_("15 minutes or more"),
}

# A state in words, and the shape that goes with it.
STATES = {
    State.DRAFT: (N_("being made"), "quiet"),
    State.REVIEW: (N_("waits for review"), "info"),
    State.RETURNED: (N_("returned with reasons"), "caution"),
    State.PUBLISHED: (N_("published"), "good"),
    State.UNPUBLISHED: (N_("taken off"), "quiet"),
}

EVENTS = {
    "created": N_("made"),
    "asked": N_("asked for review"),
    "withdrawn": N_("taken back by the company"),
    "returned": N_("returned with reasons"),
    "published": N_("published"),
    "unpublished": N_("taken off"),
    "film_replaced": N_("the film was replaced"),
    "rights_ended": N_("taken off: the end date of the declaration has come"),
}

# What is missing before review: the sentence, and the page of the studio where it is put right.
MISSING = {
    "title": (N_("A title."), "texts"),
    "description": (N_("A description."), "texts"),
    "film": (N_("The film."), "film"),
    "film_not_ready": (N_("The film is not ready yet."), "film"),
    "spoken_language": (N_("Which language is spoken in the film."), "texts"),
    "captions": (N_("Captions in {language}."), "captions"),
    "declaration": (N_("The declaration of rights and portraits."), "declaration"),
    "declaration_ended": (N_("The end date of the declaration is over."), "declaration"),
    "sector": (N_("The sector."), "texts"),
    "level": (N_("For which level it is."), "texts"),
    "checklist": (
        N_("The checklist: faces, names, badges, screens, phone numbers, music."),
        "review",
    ),
}


def level_place(level: str) -> int:
    """Where a level stands among the others: as schools have them, from small to large, and not by
    the alphabet; what is none of them last."""
    return list(LEVELS).index(level) if level in LEVELS else len(LEVELS)


def options(
    language: str, words: dict[str, str], codes: list[str] | None = None
) -> list[tuple[str, str]]:
    """(code, words) for a form, in the list's order, or only these codes."""
    return [(code, translate(language, words[code])) for code in codes or words if code in words]


def spoken(language: str, words: dict[str, str], codes: list[str]) -> str:
    """Codes as words in running text."""
    return ", ".join(translate(language, words.get(code, code)) for code in codes)


def missing(language: str, codes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(code, sentence, part of the studio) of what a tour lacks."""
    return [_missing(language, code) for code in codes]


def _missing(language: str, code: str) -> tuple[str, str, str]:
    kind, _, about = code.partition(":")
    sentence, part = MISSING[kind]
    named = translate(language, LANGUAGES.get(about, about)) if about else ""
    return kind, translate(language, sentence).format(language=named), part
