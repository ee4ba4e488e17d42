"""Answer the list of alerts, which is always empty: clients ask for it to test their connection."""

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations.read_machines import get_machine
from kbgap.server.asked import Asked
from kbgap.server.results import RowList
from kbgap.store.listing import Listed

_HOME = defender_model().set("Alerts")


def _none(its: Asked) -> Listed[object]:
    return Listed(rows=(), count=0 if its.query.is_counted else None)


def _none_of_machine(its: Asked) -> Listed[object]:
    get_machine(its.database, its.tenant, its.id, its.scopes)  # NotFound for a machine that is not there
    return _none(its)


ALERTS = RowList(Listing(_HOME.type, _HOME.pages), _none, _HOME)
OF_MACHINE = RowList(Listing(_HOME.type, _HOME.pages), _none_of_machine, _HOME)
