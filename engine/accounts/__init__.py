"""Accounts that the command line works on: engines of this machine, and others', Cloudflare's among them."""
