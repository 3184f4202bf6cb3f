/** node:path/posix (https://nodejs.org/docs/latest/api/path.html). */
import path from "nodelib:path";

const own = path.posix;

export const {
  resolve, normalize, isAbsolute, join, relative, toNamespacedPath, dirname, basename, extname, format, parse,
  matchesGlob, sep, delimiter, win32, posix, _makeLong,
} = own;
export default own;
