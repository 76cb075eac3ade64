"""Figures for Prometheus. All come from the database, so that any web process answers for the whole service."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from safety_service.actions.figures import Figures, figures, running
from safety_service.actions.telling import Priority
from safety_service.domain.reaching import KINDS
from safety_service.domain.words import Kind
from safety_service.services import DATABASE, HEALTH, HOT, SETTINGS
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.hot import RedisHot
from safety_service.store.tallies import BOUNDS, SEPARATOR, Histogram
from safety_service.web.metrics_running import Parts, families

#: When this process began, by the clock that nobody can set.
BEGAN = time.monotonic()

routes = web.RouteTableDef()


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """The figures now; 503 when the database does not answer, for then nobody knows them."""
    age, hears = time.monotonic() - BEGAN, bool(request.app[SETTINGS].telegram_token)
    try:
        async with request.app[DATABASE].reading() as tx:
            now, there = await figures(tx), await running(tx, age, hears=hears)
    except (DatabaseAway, TryAgain):
        return web.Response(status=503, text="the database does not answer\n")
    hot = request.app[HOT]
    redis = await hot.answers() if isinstance(hot, RedisHot) else None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(now, Parts(there, await request.app[HEALTH](), redis)))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


@dataclass(frozen=True, eq=False)
class _Collector(Collector):
    """The figures of one moment, as Prometheus wants them."""

    now: Figures
    parts: Parts

    def collect(self) -> Iterator[Metric]:
        """Every metric of the contract, and of our own parts."""
        yield _gauge("doorstep_watch_lag_seconds", "How late the oldest overdue deadline is", self.now.lag)
        yield _gauge("doorstep_visits_watched", "Visits on which somebody is being watched", self.now.watched)
        yield self._alerts()
        yield from self._outbox()
        yield from self._deliveries()
        yield from families(self.parts, self.now)

    def _alerts(self) -> Metric:
        about = "Alerts that nobody has resolved; sos is every call for help"
        family = GaugeMetricFamily("doorstep_alerts_open", about, labels=["kind"])
        for kind in Kind:
            if kind is not Kind.DURESS:
                family.add_metric([kind], self.now.alerts.get(kind, 0))
        return family

    def _outbox(self) -> Iterator[Metric]:
        counts = {each.priority: each.count for each in self.now.pending}
        family = GaugeMetricFamily("doorstep_outbox_pending", "Messages that wait to go out", labels=["priority"])
        for priority in Priority:
            family.add_metric([priority.name.lower()], counts.get(priority, 0))
        yield family
        yield _gauge("doorstep_outbox_oldest_seconds", "How long the oldest of them waits", self.now.oldest)

    def _deliveries(self) -> Iterator[Metric]:
        took = HistogramMetricFamily(
            "doorstep_delivery_seconds",
            "From being put in to being taken by the channel",
            labels=["channel", "priority"],
        )
        for name, each in sorted(self.now.tally.deliveries.items()):
            channel, _, priority = name.partition(SEPARATOR)
            took.add_metric([channel, Priority(int(priority)).name.lower()], _buckets(each), each.total)
        yield took
        late = HistogramMetricFamily(
            "doorstep_deadline_lateness_seconds", "From the moment that a message is about to its being taken"
        )
        late.add_metric([], _buckets(self.now.tally.lateness), self.now.tally.lateness.total)
        yield late
        failures = CounterMetricFamily("doorstep_delivery_failures", "Tries that failed", labels=["channel"])
        for channel in KINDS:
            failures.add_metric([channel], self.now.tally.failures.get(channel, 0))
        yield failures
        strangers = CounterMetricFamily("doorstep_webhook_refused", "Posts to the webhook that were not Telegram's")
        strangers.add_metric([], self.now.tally.strangers)
        yield strangers


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus counts them."""
    counted = 0
    found: list[tuple[str, float]] = []
    for bound, count in zip(BOUNDS, histogram.buckets, strict=True):
        counted += count
        found.append(("+Inf" if bound == float("inf") else str(bound), counted))
    return found
