/** node:tls (https://nodejs.org/docs/latest/api/tls.html): the client; the rest is unenv's, which says what it has not when called. */
import unenv from "unenv/node/tls";
import { connectTls as connect, TLSSocket } from "./internal/net.js";

export * from "unenv/node/tls";
export { connect, TLSSocket };
export default { ...unenv, connect, TLSSocket };
