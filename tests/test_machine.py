"""JSON for other programs (greencomm/machine.py): written in pieces, it is what the library writes as a whole."""

from __future__ import annotations

import json

import hypothesis
from hypothesis import strategies as st

from greencomm.machine import json_but_last, json_bytes, json_last

TEXT = st.text(alphabet=st.characters(codec="ascii") | st.sampled_from("社区，\n"), max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@hypothesis.given(VALUE)
@hypothesis.settings(max_examples=300)
def test_pieces_are_the_whole(value):
    """Whatever is nested in what, runs of plain values included: what the library gives with its own indentation."""
    whole = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    assert json_bytes(value).decode() == whole.replace("\x7f", "\\u007f")
    assert json.loads(json_bytes(value)) == value


def test_keys_that_are_no_text_are_written_as_the_library_writes_them():
    value = [{1: [1], False: 2, None: {"a": ()}, 2.5: [[], {}, [None]], "b": (1, 2.0, "x")}, {}, [[1, 2], 3]]
    assert json_bytes(value).decode() == json.dumps(value, ensure_ascii=False, indent=1) + "\n"


@hypothesis.given(st.dictionaries(TEXT, VALUE, min_size=1, max_size=4), VALUE)
def test_a_document_may_be_written_but_for_its_last_entry(document, last):
    document = {key: value for key, value in document.items() if key != "outputs"} | {"schema": 1}
    assert json_but_last(document) + json_last("outputs", last) == json_bytes(document | {"outputs": last})
