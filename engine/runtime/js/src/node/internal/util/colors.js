/** For Node's own files: nothing here is a terminal with colours. */
export const blue = "", green = "", white = "", yellow = "", red = "", gray = "", clear = "", reset = "", hasColors = false;
export const shouldColorize = () => false;
export const refresh = () => {};
