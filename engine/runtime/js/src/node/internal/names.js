/** The names of Node's modules that there are, without "node:". */
export { nodeModules } from "svc:node-names";
