/** node:tls (https://nodejs.org/docs/latest/api/tls.html): the client; the rest is unenv's, which says what it has not when called. */
import unenv, { SecureContext } from "unenv/node/tls";
import { connectTls as connect, TLSSocket } from "./internal/net.js";
import { notImplemented } from "./internal/not-implemented.js";

export * from "unenv/node/tls";
export const createSecureContext = (options) => new SecureContext(options);
export const createServer = notImplemented("tls.createServer");
export { connect, TLSSocket };
export default { ...unenv, connect, createSecureContext, createServer, TLSSocket };
