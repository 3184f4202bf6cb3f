/** For Node's own files. */
export const symbols = { owner_symbol: Symbol("owner_symbol") };
