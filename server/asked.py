"""What an operator's verb is given, and how it says that it cannot."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from server.config import Settings


class CannotDo(Exception):
    """The verb cannot be done. `code` is stable, the text is for the operator."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """The settings, the arguments as parsed, and our environment to hand to children."""

    settings: Settings
    arguments: argparse.Namespace
    environment: Mapping[str, str]
