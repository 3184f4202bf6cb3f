"""Workflows: functions whose steps are kept, so that they go on after a restart.

Source: developers.cloudflare.com/workflows
"""
