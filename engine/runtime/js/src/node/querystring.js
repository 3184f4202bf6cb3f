/** node:querystring (https://nodejs.org/docs/latest/api/querystring.html): Node's own. */
import own from "nodelib:querystring";

export const { unescapeBuffer, unescape, escape, stringify, encode, parse, decode } = own;
export default own;
