/** RPC between workers: see ../rpc/. */
export { errorOf } from "../rpc/decode.js";
export { releaseExport } from "../rpc/exports.js";
export { serve } from "../rpc/serve.js";
export { property, sender } from "../rpc/stub.js";
