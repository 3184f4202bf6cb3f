/** crypto.DigestStream: see ../crypto/digest-stream.js. */
export { DigestStream } from "../crypto/digest-stream.js";
