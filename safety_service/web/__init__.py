"""The pages, rendered on the server."""

from aiohttp import web

from safety_service.services import HEALTH, Services
from safety_service.web import (
    account,
    acknowledge,
    alert_list,
    alerts,
    board,
    board_live,
    briefing,
    card,
    channels,
    debrief,
    devices,
    duty,
    evidence,
    exclusions,
    families,
    family,
    family_around,
    family_facts,
    family_kept,
    family_met,
    family_partners,
    family_record,
    figures,
    items,
    log,
    log_export,
    log_read,
    log_trends,
    meetings,
    notices,
    opening,
    people,
    people_bring,
    person,
    person_does,
    phrases,
    plan,
    plan_changes,
    plan_deciding,
    policy,
    policy_editions,
    proposals,
    recordings,
    records,
    rota,
    rota_leave,
    rota_shift,
    shares,
    sign_in,
    standing,
    subject_access,
    summary,
    supervision,
    take,
    timeline,
    today,
    undertakings,
    visit_deciding,
    visit_planning,
    visit_story,
    visits,
    worker_course,
)
from safety_service.web.board_drawn import set_up_board
from safety_service.web.errors import answer_with_pages
from safety_service.web.headers import add_headers
from safety_service.web.live import STREAMS, Streams, end_streams
from safety_service.web.openid import SERVICE, SignInService
from safety_service.web.origin import refuse_foreign_posts
from safety_service.web.pages import set_up_pages
from safety_service.web.readable import refuse_unreadable
from safety_service.web.typed_by import refuse_words_of_others

__all__ = ["setup"]

#: In this order: of two paths that both fit, the one that is named first answers.
_NOUNS = (
    sign_in,
    account,
    board,
    board_live,
    alert_list,
    alerts,
    timeline,
    today,
    card,
    devices,
    channels,
    phrases,
    debrief,
    items,
    briefing,
    figures,
    evidence,
    log_trends,
    log_export,
    log,
    log_read,
    plan,
    plan_changes,
    plan_deciding,
    proposals,
    worker_course,
    rota,
    rota_shift,
    rota_leave,
    duty,
    people,
    people_bring,
    person,
    person_does,
    exclusions,
    standing,
    policy_editions,
    policy,
    recordings,
    records,
    subject_access,
    undertakings,
    shares,
    acknowledge,
    take,
    meetings,
    supervision,
    visits,
    visit_planning,
    visit_deciding,
    visit_story,
    notices,
    summary,
    family_record,
    family_facts,
    family_partners,
    family_around,
    family_kept,
    family_met,
    opening,
    families,
    family,
)


def setup(app: web.Application, services: Services) -> None:
    """Add the pages to the application, which holds the services under their keys."""
    app[STREAMS] = Streams()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(end_streams)
    app.middlewares.append(answer_with_pages)
    app.middlewares.append(refuse_foreign_posts(services.settings.base_url))
    app.middlewares.append(refuse_unreadable)
    app.middlewares.append(refuse_words_of_others)
    app[HEALTH] = services.health
    set_up_pages(app)
    set_up_board(app)
    if services.settings.oidc is not None:
        app[SERVICE] = SignInService(services.settings)
    for noun in _NOUNS:
        app.router.add_routes(noun.routes)
