"""Findings in the admin, and the reports that are made of them."""

from review.admin.findings import findings, reports

__all__ = ["findings", "reports"]
