/** MessageChannel and MessagePort: see ../message-channel.js. */
export { isDetachedPort, isMessagePort, MessageChannel, MessagePort, movePort } from "../message-channel.js";
