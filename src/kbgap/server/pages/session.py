"""Keep who is signed in: in a cookie that holds an access token of ours, which no script can read.

A session is a token as the API's clients get one, so the same keys sign it and the same checks open it: its time, its
tenant, its permissions, and that its key was not withdrawn. The browser sends it to nobody but us, and never along with
a link or a form on another site. Only pages take it: the API wants its token in a header, which no form can send.
"""

import re
from urllib.parse import urlsplit

from starlette.responses import Response

from kbgap.auth.tokens import IssuedToken
from kbgap.core.errors import Denied
from kbgap.server.operation import Call
from kbgap.server.security import Authorization

_PLAIN = "kbgap-session"
_OVER_TLS = f"__Host-{_PLAIN}"  # browsers take a name like this from nobody but this very host, over TLS
# A path on this host, and no other host as // and /\ would name it; signing in again leads nowhere.
_OURS = re.compile(r"/(?!sign(?:in|out)\b)(?![/\\])[!-\[\]-~]*", re.IGNORECASE)


def session_of(call: Call) -> Authorization:
    """What the request's cookie says in place of an Authorization header; empty without one."""
    token = call.request.cookies.get(_name(call), "")
    return Authorization(f"Bearer {token}" if token else "")


def begin_session(call: Call, response: Response, issued: IssuedToken) -> None:
    """Give the session to the browser, for as long as it is good."""
    seconds = int((issued.expires_at - issued.not_before).total_seconds())
    response.set_cookie(
        _name(call), issued.text, max_age=seconds, path="/", secure=_is_over_tls(call), httponly=True, samesite="strict"
    )


def end_session(call: Call, response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(_name(call), path="/", secure=_is_over_tls(call), httponly=True, samesite="strict")


def check_from_our_page(call: Call) -> None:
    """Refuse (Denied) a form that another site's page sends: browsers say whose page it is, and no page can lie."""
    headers = call.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    is_ours = site in {None, "same-origin", "none"} and (origin is None or _host(origin) == _host(call.address))
    if not is_ours:
        mend = "open kbgap under its own address; behind a proxy, set public_url to it"
        raise Denied("The form was sent by a page of another address", mend=mend)


def way_back(call: Call, given: str | None = None) -> str:
    """Where to go after signing in, as a path: the page that was given, or that the form was sent from.

    The overview when that cannot be told, or is no page of ours.
    """
    came = urlsplit(call.request.headers.get("referer", ""))
    path = came.path + (f"?{came.query}" if came.query else "") if came.netloc == _host(call.address) else ""
    return next((each for each in (given, path) if each and _OURS.fullmatch(each)), "/")


def _name(call: Call) -> str:
    return _OVER_TLS if _is_over_tls(call) else _PLAIN


def _is_over_tls(call: Call) -> bool:
    return call.address.startswith("https://")


def _host(address: str) -> str:
    """Host and port: a proxy in between may speak TLS to the browser and none to us."""
    return urlsplit(address).netloc
