/** node:buffer (https://nodejs.org/docs/latest/api/buffer.html): Node's own. */
import own from "nodelib:buffer";

export const {
  Buffer, SlowBuffer, transcode, isUtf8, isAscii, kMaxLength, kStringMaxLength, btoa, atob, constants,
  INSPECT_MAX_BYTES, Blob, resolveObjectURL, File,
} = own;
export default own;
