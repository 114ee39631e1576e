"""The product speaks Dutch and English completely."""

from tests.house import translations


def test_every_sentence_has_its_twin() -> None:
    assert len(translations.used()) > 50
    assert translations.complaints() == []
