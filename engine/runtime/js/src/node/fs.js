/** node:fs (https://nodejs.org/docs/latest/api/fs.html): files in memory; before Workers had them, and for the rest, unenv's, which says so. */
import unenv from "unenv/node/fs";
import { load } from "../lazy.js";
import { nodeHas } from "../node.js";
import promises from "./fs/promises.js";

const found = { ...unenv, ...(nodeHas("files") ? load("node-internal-files").files : null), promises };

export * from "unenv/node/fs";
export const {
  F_OK, R_OK, W_OK, X_OK, Stats, Dirent, accessSync, appendFileSync, chmodSync, chownSync, closeSync, copyFileSync, existsSync,
  fchmodSync, fchownSync, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, futimesSync, lchmodSync, lchownSync, linkSync,
  lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, readvSync, realpathSync,
  renameSync, rmdirSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, utimesSync, lutimesSync, writeFileSync,
  writeSync, writevSync, access, appendFile, chmod, chown, close, copyFile, createReadStream, createWriteStream, exists, fchmod,
  fchown, fdatasync, fstat, fsync, ftruncate, futimes, lchmod, lchown, link, lstat, mkdir, mkdtemp, open, read, readv, readdir,
  readFile, readlink, realpath, rename, rm, rmdir, stat, symlink, truncate, unlink, unwatchFile, utimes, lutimes, watch, watchFile,
  write, writev, writeFile, WriteStream, ReadStream,
} = found;
export { promises };
export default found;
