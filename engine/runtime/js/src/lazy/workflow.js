/** Workflows: most isolates have none. */
export { createWorkflow } from "../bindings/workflow.js";
export { runWorkflow } from "../workflow/run.js";
