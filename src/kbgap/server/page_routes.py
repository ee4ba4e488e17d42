"""The pages for people: which there are, and the permission that opens each."""

from kbgap.server.entity_routes import ANYTHING, MACHINE, SOFTWARE, VULNERABILITY, Need
from kbgap.server.operation import ForPeople, Open, OpenHandler, Operation
from kbgap.server.pages import kbs, machines, overview, sign_in, software, style, vulnerabilities
from kbgap.server.pages.rendering import View, page, refuse_page
from kbgap.server.results import Raw

_HTML = Raw(("text/html",))


def _page(path: str, need: Need, template: str, view: View, about: str) -> Operation:
    access = ForPeople(need.application, need.delegated, page(template, view))
    return Operation("GET", path, access, _HTML, about, is_ours=True, refuse=refuse_page)


def _open(method: str, path: str, handle: OpenHandler, about: str) -> Operation:
    return Operation(method, path, Open(handle), _HTML, about, is_ours=True, refuse=refuse_page)


PAGES: tuple[Operation, ...] = (
    _page("/", ANYTHING, "overview.html", overview.overview, "How the fleet stands."),
    _page("/software", SOFTWARE, "software.html", software.software, "The software that machines have."),
    _page("/software/{id}", SOFTWARE, "one_software.html", software.one_software, "One software and what it lacks."),
    _page("/machines", MACHINE, "machines.html", machines.machines, "The machines."),
    _page("/machines/{id}", MACHINE, "one_machine.html", machines.one_machine, "One machine and what it misses."),
    _page(
        "/machines/{id}/explain/{kb}",
        SOFTWARE,
        "explain.html",
        machines.explain,
        "Why a KB is, or is not, missing on a machine.",
    ),
    _page("/kbs", SOFTWARE, "kbs.html", kbs.kbs, "The KBs that machines miss."),
    _page("/kbs/{kb}", SOFTWARE, "one_kb.html", kbs.one_kb, "One KB and the machines that miss it."),
    _page("/vulnerabilities", VULNERABILITY, "vulnerabilities.html", vulnerabilities.vulnerabilities, "The CVEs."),
    _page(
        "/vulnerabilities/{id}",
        VULNERABILITY,
        "one_vulnerability.html",
        vulnerabilities.one_vulnerability,
        "One CVE, the machines on which it is open and what closes it.",
    ),
    _open("GET", "/signin", sign_in.show_form, "The form to sign in with."),
    _open("POST", "/signin", sign_in.take_form, "Signs a person in, with the id and the secret of a client."),
    _open("POST", "/signout", sign_in.sign_out, "Signs a person out."),
    _open("GET", "/pages.css", style.answer_style, "How the pages look."),
)
