"""Sign in with MSAL for Python as its user's manual says, and read with the token."""

import json
import sys

import msal  # type: ignore[import-not-found] # it is in the environment of the clients
import requests  # type: ignore[import-untyped] # it is in the environment of the clients

asked = json.loads(sys.argv[1])
client = msal.ConfidentialClientApplication(
    asked["client_id"], client_credential=asked["client_secret"], **asked["where"]
)
scope = [asked.get("scope", "https://api.securitycenter.microsoft.com/.default")]
first = client.acquire_token_for_client(scopes=scope)
again = client.acquire_token_for_client(scopes=scope)
found = {name: first.get(name) for name in ("error", "error_description", "error_codes", "token_type", "expires_in")}
if "access_token" in first:
    answer = requests.get(
        f"{asked['api']}/api/Software/microsoft-_-edge/getmissingkbs",
        headers={"Authorization": f"Bearer {first['access_token']}"},
        timeout=30,
    )
    found |= {
        "status": answer.status_code,
        "rows": answer.json().get("value"),
        "context": answer.json().get("@odata.context"),
        "is_cached": again["access_token"] == first["access_token"],
    }
print(json.dumps(found))
