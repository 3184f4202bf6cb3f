/** node:os (https://nodejs.org/docs/latest/api/os.html) with what Workers answers: nothing of the machine shows. */
import unenv, {
  constants, devNull, endianness, EOL, freemem, getPriority, loadavg, platform, release, totalmem, type, uptime, version,
} from "unenv/node/os";

export const arch = () => "x64";
export const availableParallelism = () => 1;
export const cpus = () => [];
export const homedir = () => "/tmp/";
export const hostname = () => "localhost";
export const machine = () => "x86_64";
export const networkInterfaces = () => ({});
export const setPriority = () => {};
export const tmpdir = () => "/tmp/";
export const userInfo = () => ({});

export { constants, devNull, endianness, EOL, freemem, getPriority, loadavg, platform, release, totalmem, type, uptime, version };
export default { ...unenv, arch, availableParallelism, cpus, homedir, hostname, machine, networkInterfaces, setPriority, tmpdir, userInfo };
