"""Text as people type it, folded for comparison."""

from __future__ import annotations

import unicodedata


def normal_label(text: object) -> str:
    """A label for comparison: full width folded, blanks and a closing colon dropped."""
    if not isinstance(text, str):
        return ""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(ch for ch in folded if not ch.isspace() and ch not in "\u200b\u200c\u200d\ufeff").rstrip(":")
