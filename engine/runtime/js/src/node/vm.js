/** node:vm (https://nodejs.org/docs/latest/api/vm.html): unenv's. Workers has no contexts; what needs one says so when called. */
export * from "unenv/node/vm";
export { default } from "unenv/node/vm";
