/** For Node's own path.matchesGlob, which Workers does not have. */
import { notImplementedError } from "../../not-implemented.js";

export function minimatch() { throw notImplementedError("path.matchesGlob"); }
