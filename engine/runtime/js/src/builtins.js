/** The modules that come with the platform; their export names are in builtin-names.js too, for the compiler. */
import { isOn } from "./compatibility.js";
import { currentEvent } from "./events.js";
import { EXPORTS, moduleExports, waitUntil } from "./context.js";
import { DurableObject, NonRetryableError, RpcStub, RpcTarget, WorkerEntrypoint, WorkflowEntrypoint } from "./entrypoint.js";
import { ENV, moduleEnv } from "./env.js";
import { load } from "./lazy.js";
import { nodeNamespace } from "./node.js";
import { Error_ } from "./primordials.js";

const server = () => load("node-internal-http-server");

const builtins = {
  __proto__: null,
  "cloudflare:email": { __proto__: null, get EmailMessage() { return load("email").EmailMessage; } },
  "cloudflare:node": {
    __proto__: null,
    get handleAsNodeRequest() { return server().handleAsNodeRequest; },
    get httpServerHandler() { return server().httpServerHandler; },
  },
  "cloudflare:sockets": { __proto__: null, get connect() { return load("sockets").connect; } },
  "cloudflare:workflows": { __proto__: null, NonRetryableError },
  "cloudflare:workers": {
    __proto__: null,
    DurableObject,
    RpcStub,
    RpcTarget,
    WorkerEntrypoint,
    WorkflowEntrypoint,
    get env() { return isOn("allow_importable_env") ? moduleEnv() : {}; },
    get exports() { return moduleExports(); },
    withEnv: (env, run) => load("loopback").withOverride([[ENV, env]], run),
    withEnvAndExports: (env, exports, run) => load("loopback").withOverride([[ENV, env], [EXPORTS, exports]], run),
    withExports: (exports, run) => load("loopback").withOverride([[EXPORTS, exports]], run),
    waitUntil(promise) {
      const event = currentEvent();
      if (event === null) throw new Error_("waitUntil() can only be called while an event is handled.");
      waitUntil(event, promise);
    },
  },
};

/** @param {string} name @returns {object | undefined} what the module exports */
export const builtinNamespace = (name) => builtins[name] ?? nodeNamespace(name);
