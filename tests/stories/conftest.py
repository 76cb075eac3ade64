"""What the stories are told on: SQLite alone, and PostgreSQL with Redis."""

from __future__ import annotations

import pytest


@pytest.fixture
def hot_url(request: pytest.FixtureRequest, database_url: str) -> str | None:
    """Redis beside PostgreSQL; SQLite does without."""
    if database_url.startswith("sqlite"):
        return None
    url: str = request.getfixturevalue("redis_url")
    return url
