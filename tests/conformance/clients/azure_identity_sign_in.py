"""Sign in with azure-identity for Python as its user's manual says, and read with the token."""

import json
import sys

import requests  # type: ignore[import-untyped] # it is in the environment of the clients
from azure.core.exceptions import ClientAuthenticationError  # type: ignore[import-not-found] # as above
from azure.identity import ClientSecretCredential  # type: ignore[import-not-found] # as above

asked = json.loads(sys.argv[1])
credential = ClientSecretCredential(asked["tenant"], asked["client_id"], asked["client_secret"], **asked["where"])
try:
    token = credential.get_token("https://api.securitycenter.microsoft.com/.default")
except ClientAuthenticationError as refused:
    print(json.dumps({"refused": str(refused)}))
    sys.exit()
answer = requests.get(
    f"{asked['api']}/api/Software/microsoft-_-edge/getmissingkbs",
    headers={"Authorization": f"Bearer {token.token}"},
    timeout=30,
)
print(json.dumps({"status": answer.status_code, "rows": answer.json().get("value"), "expires_on": token.expires_on}))
