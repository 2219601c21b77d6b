"""JSON for other programs (greencomm/machine.py): written in pieces, it is what the library writes as a whole."""

from __future__ import annotations

import json

import hypothesis
from hypothesis import strategies as st

from greencomm.machine import json_bytes

TEXT = st.text(alphabet=st.characters(codec="ascii") | st.sampled_from("社区，\n"), max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@hypothesis.given(VALUE)
@hypothesis.settings(max_examples=300)
def test_pieces_are_the_whole(value):
    whole = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    assert json_bytes(value).decode() == whole.replace("\x7f", "\\u007f")
    assert json.loads(json_bytes(value)) == value
