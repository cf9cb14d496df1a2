"""What people and other programs say, as text that every log, file, message and table takes.

Nothing said can stop a kill or a process: these functions raise for no argument, and what was said never grows.
"""

import unicodedata

WORDS_MAX = 200  # characters of a reason, a name or an identity
REPLACED = "\N{REPLACEMENT CHARACTER}"
_BIDI = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # show other than is there
_BLANK = frozenset({"Cc", "Zl", "Zp"})  # control characters and ends of lines


def cleaned(said: object, characters_max: int = WORDS_MAX) -> str:
    """Return what was said as bounded text of one line: valid UTF-8, no NUL, no control character.

    What is no text was said by a program and is shown as it would print; None says nothing.
    """
    if said is None:
        return ""
    text = said if isinstance(said, str) else _printed(said)
    kept = "".join(_character(one) for one in text[: characters_max + 1])
    kept = kept if len(kept) <= characters_max else kept[: characters_max - 1] + "…"
    return " ".join(kept.split())


def encodable(text: str) -> str:
    """Return the same text with what has no UTF-8 or no place in a table replaced: lone surrogates and NUL."""
    if "\x00" not in text and (text.isascii() or not any(map(_surrogate, text))):
        return text
    return "".join(REPLACED if one == "\x00" or _surrogate(one) else one for one in text)


def _character(one: str) -> str:
    if one.isascii():
        return one if one.isprintable() else " "
    kind = unicodedata.category(one)
    if kind in _BLANK:
        return " "
    return REPLACED if kind == "Cs" or one in _BIDI else one


def _surrogate(one: str) -> bool:
    return "\ud800" <= one <= "\udfff"


def _printed(said: object) -> str:
    if isinstance(said, bytes):
        return said[: 4 * WORDS_MAX].decode("utf-8", errors="replace")
    try:
        return str(said)
    except (ValueError, RecursionError):  # a number of a million digits, a nest without end
        return f"({type(said).__name__} that cannot be shown)"
