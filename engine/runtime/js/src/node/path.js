/** node:path (https://nodejs.org/docs/latest/api/path.html): Node's own. */
import own from "nodelib:path";

export const {
  resolve, normalize, isAbsolute, join, relative, toNamespacedPath, dirname, basename, extname, format, parse,
  matchesGlob, sep, delimiter, win32, posix, _makeLong,
} = own;
export default own;
