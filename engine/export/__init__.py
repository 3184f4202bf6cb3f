"""Services as files that run elsewhere: in workerd by itself, or as a project of wrangler's."""
