/** The modules that come with the platform, and what they export; the values are in builtins.js. */
export const builtinNames = {
  __proto__: null,
  "cloudflare:email": ["EmailMessage"],
  "cloudflare:node": ["handleAsNodeRequest", "httpServerHandler"],
  "cloudflare:sockets": ["connect"],
  "cloudflare:workflows": ["NonRetryableError"],
  "cloudflare:workers": [
    "DurableObject", "RpcStub", "RpcTarget", "WorkerEntrypoint", "WorkflowEntrypoint", "env", "exports", "waitUntil", "withEnv", "withEnvAndExports",
    "withExports",
  ],
};
