"""The descriptions for readers of OData: where they stand, in which form, and that answers refer to what is in them."""

import pytest
from defusedxml.ElementTree import fromstring

from tests.server.conftest import Server

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def test_metadata_is_xml_unless_json_is_asked_for(server: Server) -> None:
    """Readers of OData 4.0 ask for nothing in particular and get XML."""
    answer = server.get("/api/$metadata")

    root = fromstring(answer.text)
    sets = [element.get("Name") for element in root.iter(f"{EDM}EntitySet")]
    assert answer.headers["content-type"].startswith("application/xml")
    assert sets[:4] == ["Software", "Machines", "Vulnerabilities", "Recommendations"]


@pytest.mark.parametrize(
    ("path", "accept", "media"),
    [
        ("/api/$metadata", "application/json", "application/json"),
        ("/api/$metadata", "application/json;q=0.5, application/xml", "application/xml"),
        ("/api/$metadata", "application/json, text/plain, */*", "application/json"),
        ("/api/$metadata", "*/*", "application/xml"),
        ("/api/$metadata", "application/xml, application/json;q=x", "application/xml"),
        ("/api/v1.0/$METADATA?$format=json", "application/xml", "application/json"),
        ("/api/%24metadata?$format=application/xml", "application/json", "application/xml"),
    ],
)
def test_the_form_of_metadata_can_be_chosen(server: Server, path: str, accept: str, media: str) -> None:
    """By Accept, and by ``$format``, which wins."""
    answer = server.get(path, Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)


def test_an_unknown_format_is_refused(server: Server) -> None:
    """By name, like every option that cannot be honoured."""
    answer = server.get("/api/$metadata?$format=yaml")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ODataError")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1.0/"])
def test_the_service_document_names_what_can_be_read(server: Server, path: str) -> None:
    """Each set that it names gives a list under its address."""
    body = server.get(path).json()

    assert body["@odata.context"] == f"{server.url}/api/$metadata"
    assert {"name": "Software", "kind": "EntitySet", "url": "Software"} in body["value"]


def test_a_connection_test_finds_no_alerts(server: Server) -> None:
    """Rapid7 and Splunk ask for one alert when they are set up, and fail on anything but 200."""
    body = server.get("/api/alerts?$top=1&$expand=evidence&$filter=alertCreationTime gt 2024-01-01T00:00:00Z").json()

    assert body == {"@odata.context": f"{server.url}/api/$metadata#Alerts", "value": []}


def test_a_count_counts_what_the_filter_keeps(server: Server) -> None:
    """A bare number, as generic clients read it."""
    answer = server.get("/api/alerts/$count?$filter=severity eq 'High'")

    assert (answer.text, answer.headers["content-type"]) == ("0", "text/plain; charset=utf-8")
    assert server.get("/api/alerts/$count?$top=1").status_code == 400


def test_sets_of_the_service_document_are_lists(server: Server) -> None:
    """A reader follows every address that it is given."""
    named = [entry["url"] for entry in server.get("/api/").json()["value"]]

    statuses = {url: server.get(f"/api/{url}?$top=1").status_code for url in named}

    assert statuses == dict.fromkeys(named, 200)
