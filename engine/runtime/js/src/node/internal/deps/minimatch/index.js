/** For Node's own path.matchesGlob, which Workers does not have. */
export function minimatch(path, pattern, { platform }) {
  throw new Error(`path.${platform}.matchesGlob() is not implemented.`);
}
