"""R2's rules, the same for the binding, the REST API and sandboxed drafts."""
