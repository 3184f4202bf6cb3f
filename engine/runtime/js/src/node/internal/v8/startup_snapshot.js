/** For Node's own files: nobody builds a snapshot here. */
export const namespace = { isBuildingSnapshot: () => false };
