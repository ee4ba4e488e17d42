// An OpenID Connect provider (npm oidc-provider) on loopback, for applications that sign in with their secret.
// Prints its address and what its token endpoint gives for each of the cases that are asked for.
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const asked = JSON.parse(process.argv.at(-1));
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwks = { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "its-key", use: "sig", alg: "RS256" }] };
const applications = { reader: ["Software.Read.All"], other: ["Score.Read.All"], nobody: undefined };
const clients = Object.keys(applications).map((client_id) => ({
  client_id,
  client_secret: "a secret of the test",
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
}));

const provider = new Provider(asked.issuer, {
  jwks,
  clients,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => ({
        scope: "",
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: resource.endsWith("/short") ? 1 : 600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (_context, token) => ({ roles: applications[token.clientId] }),
});

const server = provider.listen(asked.port, "127.0.0.1", () => console.log(JSON.stringify({ issuer: asked.issuer })));
process.stdin.on("end", () => server.close(() => process.exit())).resume();
