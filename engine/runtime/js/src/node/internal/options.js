/** For Node's own files: the command line has no options. */
export const getOptionValue = () => undefined;
