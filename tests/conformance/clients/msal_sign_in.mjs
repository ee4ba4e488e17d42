// Sign in with MSAL for Node as its user's manual says, and read with the token.
import { ConfidentialClientApplication } from "@azure/msal-node";

const asked = JSON.parse(process.argv.at(-1));
const client = new ConfidentialClientApplication({
  auth: { clientId: asked.client_id, clientSecret: asked.client_secret, ...asked.where },
  system: asked.proxy ? { proxyUrl: asked.proxy } : {},
});
const scopes = ["https://api.securitycenter.microsoft.com/.default"];
try {
  const first = await client.acquireTokenByClientCredential({ scopes });
  const again = await client.acquireTokenByClientCredential({ scopes });
  const answer = await fetch(`${asked.api}/api/Software/microsoft-_-edge/getmissingkbs`, {
    headers: { Authorization: `Bearer ${first.accessToken}` },
  });
  const body = await answer.json();
  console.log(JSON.stringify({ status: answer.status, rows: body.value, is_cached: again.fromCache }));
} catch (refused) {
  console.log(JSON.stringify({ refused: refused.message, code: refused.errorCode, number: refused.errorNo }));
}
