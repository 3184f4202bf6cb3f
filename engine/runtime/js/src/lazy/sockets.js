/** connect() of cloudflare:sockets: see ../sockets/socket.js. */
export { connect, Socket } from "../sockets/socket.js";
