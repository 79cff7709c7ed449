"""Sealing the record."""

from celery import shared_task

from accounts import chain


@shared_task(name="accounts.seal_record", time_limit=300)
def seal_record() -> None:
    chain.seal()
