"""Shared fixtures: the shipped standard."""

import pytest

from greencomm.standard import Standard, load_standard


@pytest.fixture(scope="session")
def standard() -> Standard:
    return load_standard()
