/** The modules that come with the platform; their export names are in builtin-names.js too, for the compiler. */
import { currentEvent } from "./events.js";
import { waitUntil } from "./context.js";
import { DurableObject, RpcStub, RpcTarget, WorkerEntrypoint } from "./entrypoint.js";
import { moduleEnv } from "./env.js";
import { nodeNamespace } from "./node.js";
import { Error_ } from "./primordials.js";

const builtins = {
  __proto__: null,
  "cloudflare:workers": {
    __proto__: null,
    DurableObject,
    RpcStub,
    RpcTarget,
    WorkerEntrypoint,
    get env() { return moduleEnv(); },
    waitUntil(promise) {
      const event = currentEvent();
      if (event === null) throw new Error_("waitUntil() can only be called while an event is handled.");
      waitUntil(event, promise);
    },
  },
};

/** @param {string} name @returns {object | undefined} what the module exports */
export const builtinNamespace = (name) => builtins[name] ?? nodeNamespace(name);
