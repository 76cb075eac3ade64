"""After a reason was given, one goes back to a page of ours and to no other site."""

import pytest

from safety_service.web.opening import _local


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "https:x"]
)
def test_no_way_back_leads_to_another_site(path: str) -> None:
    assert not _local(path)


def test_the_way_back_is_a_page_of_ours() -> None:
    assert _local("/families/F-1?page=2") == "/families/F-1?page=2"
