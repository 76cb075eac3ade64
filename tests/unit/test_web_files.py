"""Style sheets and scripts: whole, of their kind, and not sent twice."""

from safety_service import web
from tests.http import application, browsing, serving
from tests.world import World


async def test_a_style_sheet_is_sent_once_and_then_known(world: World) -> None:
    async with serving(application(world, web)) as base, browsing(base) as session:
        async with session.get("/static/web/style.css") as answer:
            assert answer.status == 200 and answer.content_type == "text/css"
            assert "{" in await answer.text()
            etag = answer.headers["ETag"]
        async with session.get("/static/web/style.css", headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
        async with session.get("/static/web/none.css") as answer:
            assert answer.status == 404


async def test_a_script_is_a_script(world: World) -> None:
    async with (
        serving(application(world, web)) as base,
        browsing(base) as session,
        session.get("/static/web/board.js") as answer,
    ):
        assert answer.content_type in {"text/javascript", "application/javascript"}
