/** MessageChannel and MessagePort: see ../message-channel.js. */
export { MessageChannel, MessagePort } from "../message-channel.js";
