/** For Node's own path.matchesGlob, which Workers does not have. */
export function minimatch() { throw new Error("[unenv] path.matchesGlob is not implemented yet!"); }
