/** node:fs/promises (https://nodejs.org/docs/latest/api/fs.html#promises-api): files in memory; for the rest unenv's, which says so. */
import unenv from "unenv/node/fs/promises";
import { load } from "../../lazy.js";
import { nodeHas } from "../../node.js";

const found = nodeHas("files") ? { ...unenv, ...load("node-internal-files").files.promises } : unenv;

export * from "unenv/node/fs/promises";
export const {
  FileHandle, cp, opendir, statfs, lutimes, access, chmod, chown, copyFile, lchmod, lchown, link, lstat, mkdir, mkdtemp, readdir,
  readlink, realpath, rename, rmdir, rm, stat, symlink, truncate, unlink, utimes, readFile, appendFile, open, writeFile, watch,
} = found;
export default found;
