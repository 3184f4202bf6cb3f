/**
 * Bindings that are plain values: variables, secrets and the version's own metadata. They cross once, in the
 * spec, and never call the host.
 *
 * @typedef {import("./index.js").Spec} Spec
 */

/** `plain_text` and `secret_text`. @param {Spec} spec @returns {string} */
export const text = (spec) => spec.text;

/** `json`: each isolate has its own copy, not frozen, as in Workers. @param {Spec} spec */
export const json = (spec) => spec.json;

/** `version_metadata`. @param {Spec} spec @returns {{id: string, tag: string, timestamp: string}} */
export const versionMetadata = ({ id, tag, timestamp }) => ({ id, tag, timestamp });
