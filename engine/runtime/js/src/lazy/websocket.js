/** WebSocket and WebSocketPair: see ../websocket/websocket.js. */
export {
  acceptHibernating, answeredAt, handOverParked, hasEnded, isPair, parkSocket, tagsOf, wakeSocket, WebSocketRequestResponsePair,
} from "../websocket/hibernation.js";
export { Writer } from "../websocket/messages.js";
export { handOver, isWebSocket, receiveSocket, WebSocket, WebSocketPair } from "../websocket/websocket.js";
