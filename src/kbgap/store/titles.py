"""Write a software's id as people read it: windows_10 is Windows 10."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files


def title_of(product: str) -> str:
    """The product part of a software id as a title."""
    words = _words()
    return " ".join(words.get(word, word[:1].upper() + word[1:]) for word in product.split("_") if word)


@functools.cache
def _words() -> Mapping[str, str]:
    text = (files("kbgap.data") / "software_titles.toml").read_text(encoding="utf-8")
    words: Mapping[str, str] = tomllib.loads(text)["words"]
    return words
