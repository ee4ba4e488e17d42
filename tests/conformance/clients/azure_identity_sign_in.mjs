// Sign in with @azure/identity as its user's manual says, and read with the token.
import { ClientSecretCredential } from "@azure/identity";

const asked = JSON.parse(process.argv.at(-1));
const credential = new ClientSecretCredential(asked.tenant, asked.client_id, asked.client_secret, asked.where);
try {
  const token = await credential.getToken("https://api.securitycenter.microsoft.com/.default");
  const answer = await fetch(`${asked.api}/api/Software/microsoft-_-edge/getmissingkbs`, {
    headers: { Authorization: `Bearer ${token.token}` },
  });
  const body = await answer.json();
  console.log(JSON.stringify({ status: answer.status, rows: body.value, until: token.expiresOnTimestamp }));
} catch (refused) {
  console.log(JSON.stringify({ refused: refused.message }));
}
