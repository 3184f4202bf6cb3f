/** The numbers of a Linux host, from unenv. */
export { dlopen, errno, priority, signals, UV_UDP_REUSEADDR } from "unenv/node/internal/os/constants";
