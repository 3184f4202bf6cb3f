/** node:events (https://nodejs.org/docs/latest/api/events.html): Node's own. */
import own from "nodelib:events";

export const {
  addAbortListener, once, on, getEventListeners, getMaxListeners, EventEmitter, usingDomains, captureRejectionSymbol,
  captureRejections, EventEmitterAsyncResource, errorMonitor, defaultMaxListeners, setMaxListeners, init, listenerCount,
} = own;
export default own;
