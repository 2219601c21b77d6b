"""Small zips are the bytes that zipfile makes, and open like them."""

from __future__ import annotations

import io
import zipfile

import hypothesis
from hypothesis import strategies as st

from greencomm import durable
from greencomm.packing import packed, part

PARTS = st.dictionaries(st.sampled_from(["a.xml", "xl/b.xml", "说明.txt", "空", "c/d/e.bin"]), st.binary(max_size=300), max_size=5)


@hypothesis.given(PARTS, st.booleans())
@hypothesis.settings(max_examples=60, deadline=None)
def test_the_bytes_are_those_of_zipfile(parts, deflated_before):
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as made:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, durable.ZIP_DATE)
            entry.create_system = 3  # As on Linux, wherever the test runs.
            made.writestr(entry, data, zipfile.ZIP_DEFLATED)
    given = [(name, part(data) if deflated_before else data) for name, data in parts.items()]
    assert packed(given) == other.getvalue()


def test_a_part_serves_many_zips():
    kept = part("同样的内容".encode() * 500)
    for own in (b"one", b"two"):
        with zipfile.ZipFile(io.BytesIO(packed([("kept", kept), ("own", own)]))) as opened:
            assert opened.testzip() is None
            assert (opened.read("kept"), opened.read("own")) == (kept.data, own)
