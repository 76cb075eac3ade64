"""The pages' ground: macros that are lenient and escape, templates that are strict, files that are squeezed."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from safety_service import web
from safety_service.web.templating import environment
from scripts.vendor import GOVUK, plain_style
from tests.http import application, browsing, serving
from tests.world import World

BUTTON = '{% from "govuk_frontend_jinja/components/button/macro.html" import govukButton %}'
AREA = '{% from "govuk_frontend_jinja/components/textarea/macro.html" import govukTextarea %}'


def drawn(tmp_path: Path, template: str, **context: str) -> str:
    (tmp_path / "page.html").write_text(template)
    return environment(tmp_path).get_template("page.html").render(context)


def test_a_macro_asks_for_much_and_is_content_with_what_is_given(tmp_path: Path) -> None:
    text = drawn(tmp_path, BUTTON + '{{ govukButton({"text": "Keep it"}) }}')
    assert "Keep it" in text and 'class="govuk-button"' in text


def test_what_somebody_typed_comes_out_of_a_macro_as_text(tmp_path: Path) -> None:
    given = "</textarea><script>alert(1)</script>"
    area = '{{ govukTextarea({"id": "a", "name": "a", "label": {"text": typed}, "value": typed}) }}'
    text = drawn(tmp_path, AREA + area, typed=given)
    assert "<script>" not in text and text.count("&lt;script&gt;") == 2


def test_a_name_that_is_not_there_is_a_mistake_in_a_template_of_ours(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError):
        drawn(tmp_path, BUTTON + "{% if visitr %}x{% endif %}")


def test_what_is_for_governments_own_pages_is_not_kept_and_nothing_is_asked_of_others() -> None:
    for file in sorted(GOVUK.iterdir()):
        if file.suffix in {".css", ".js"}:
            text = file.read_text()
            for unwanted in ("GDS Transport", "@font-face", "crest.svg", "sourceMappingURL", "url(http", "url(//"):
                assert unwanted not in text, f"{unwanted} in {file.name}"
    kept = plain_style(
        "/*! by Margaret Calvert */@font-face{font-family:GDS Transport;src:url(/assets/x.woff)}"
        ".a{font-family:GDS Transport,arial,sans-serif}/*# sourceMappingURL=a.map */"
    )
    assert kept == ".a{font-family:var(--ds-font,arial,sans-serif)}"


async def test_a_large_file_is_squeezed_for_whoever_can_read_that(world: World) -> None:
    path = "/static/web/vendor/govuk-frontend/govuk-frontend.min.css"
    async with serving(application(world, web)) as base, browsing(base) as session:
        async with session.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip" and answer.headers["Vary"] == "Accept-Encoding"
            assert int(answer.headers["Content-Length"]) < 20_000
            whole, mark = await answer.text(), answer.headers["ETag"]
        async with session.get(path, headers={"Accept-Encoding": "identity"}) as answer:
            assert "Content-Encoding" not in answer.headers and await answer.text() == whole
            assert answer.headers["ETag"] != mark
        async with session.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": mark}) as answer:
            assert answer.status == 304
