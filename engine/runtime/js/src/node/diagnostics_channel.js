/** node:diagnostics_channel (https://nodejs.org/docs/latest/api/diagnostics_channel.html): Node's own. */
import own from "nodelib:diagnostics_channel";

export const { channel, hasSubscribers, subscribe, tracingChannel, unsubscribe, Channel } = own;
export default own;
