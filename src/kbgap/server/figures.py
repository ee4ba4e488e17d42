"""Answer ``/metrics`` for Prometheus, to those networks that may read it."""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from kbgap.catalogue.shelf import age_in_days
from kbgap.core.errors import Denied, KbgapError
from kbgap.server.metrics import MEDIA_TYPE, Sample, labelled
from kbgap.server.operation import Call
from kbgap.server.service import Service
from kbgap.settings import Network

_DAY = 86_400
_BY_A_PROXY = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via")


async def answer_metrics(call: Call) -> Response:
    """``/metrics``: counters of this process, and the state of the catalogue and the counts."""
    service = call.service
    if not _may_read(call.request, service.settings.metrics_from):
        raise Denied("Metrics are not for this address", mend="add its network to metrics_from")
    catalogue = await call.in_thread(lambda: tuple(_of_catalogue(service, service.clock())))
    fleet = await call.in_thread(lambda: tuple(_of_fleet(service)))
    text = service.metrics.written((*catalogue, *fleet, *_of_queues(service), *_of_memory(service)))
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _may_read(request: Request, networks: tuple[Network, ...]) -> bool:
    """By the address of the peer; what came through a proxy has the proxy's address, and is from anywhere."""
    if request.client is None or any(header in request.headers for header in _BY_A_PROXY):
        return False
    try:
        peer = ip_address(request.client.host)
    except ValueError:
        return False
    return any(peer in network for network in networks)


def _of_catalogue(service: Service, now: datetime) -> Iterator[Sample]:
    """Nothing while there is no catalogue: an alert on absence is the way to notice."""
    try:
        catalogue = service.catalogue()
    except KbgapError:
        return
    name = labelled("kbgap_catalogue_info", "revision", catalogue.revision)
    yield name, "gauge", "The catalogue in use; always 1.", 1
    age = age_in_days(catalogue, now.date())
    if age is not None:
        yield "kbgap_catalogue_age_seconds", "gauge", "Days since the newest document, in seconds.", age * _DAY


def _of_fleet(service: Service) -> Iterator[Sample]:
    """All tenants together; without a database only that it is not there."""
    try:
        totals = service.fleet_totals()
    except KbgapError:
        yield "kbgap_database_up", "gauge", "Whether the database answers.", 0
        return
    yield "kbgap_database_up", "gauge", "Whether the database answers.", 1
    about = "Machines, by whether they count or have not reported for long."
    yield labelled("kbgap_machines", "state", "counted"), "gauge", about, totals.machines
    yield labelled("kbgap_machines", "state", "silent"), "gauge", about, totals.silent
    about = "Software states, which machines alike share."
    yield "kbgap_states", "gauge", about, totals.states
    about = "KBs of states by verdict: missing, or not known; what is installed is not stored."
    yield labelled("kbgap_findings", "verdict", "missing"), "gauge", about, totals.missing
    yield labelled("kbgap_findings", "verdict", "unknown"), "gauge", about, totals.unknown
    about = "Missing KBs, each once for each software of each machine that misses it."
    yield "kbgap_missing_on_machines", "gauge", about, totals.missing_on_machines
    about = "States that wait to be judged for the catalogue that was loaded last."
    yield "kbgap_states_to_judge", "gauge", about, totals.states_to_judge


def _of_queues(service: Service) -> Iterator[Sample]:
    """What waits in this process, and for what."""
    queues = {"threads": service.threads, "uploads": service.uploads, "downloads": service.downloads}
    busy = {name: queue.statistics() for name, queue in queues.items()}
    for name, queue in busy.items():
        about = "Requests that are being worked on, by what bounds their number."
        yield labelled("kbgap_requests_busy", "queue", name), "gauge", about, queue.borrowed_tokens
    for name, queue in busy.items():
        about = "Requests that wait for their turn, by what bounds their number."
        yield labelled("kbgap_requests_waiting", "queue", name), "gauge", about, queue.tasks_waiting


def _of_memory(service: Service) -> Iterator[Sample]:
    epochs, remembered = service.epochs, service.remembered
    if epochs.age is not None:
        about = "Time since this process last saw counts published anew."
        yield "kbgap_epoch_age_seconds", "gauge", about, epochs.age
    yield "kbgap_response_cache_hits_total", "counter", "Answers given from memory.", remembered.hits
    yield "kbgap_response_cache_misses_total", "counter", "Answers that were made anew.", remembered.misses
    yield "kbgap_response_cache_bytes", "gauge", "Memory that answers take.", remembered.size
