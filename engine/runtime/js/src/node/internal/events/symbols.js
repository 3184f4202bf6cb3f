/** For Node's own files: `kFirstEventParam` names an option of events.on. */
export const kFirstEventParam = Symbol("nodejs.kFirstEventParam");
