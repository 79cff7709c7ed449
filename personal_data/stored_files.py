"""Every file that the portal keeps, by the rows that have them."""

from collections.abc import Iterator

from django.apps import apps
from django.core.files.storage import Storage
from django.db.models import FileField, Model

from core.moving_files import HALF, Stored
from core.stores import NotListed
from personal_data.erasing import FOLDER, tombstone_name
from submissions.outbox.holding import MARK
from submissions.responses.models import ErasureRequest

AT_ONCE = 500  # rows
# Of `backups.reports`, a higher app.
REPORTS = tuple(
    f"backup-reports/{kind}{of_two}.json" for kind in ("backup", "drill") for of_two in ("", "-2")
)


def fields() -> list[tuple[type[Model], str]]:
    """Return each model that has files, with the name of the field."""
    return [
        (model, field.name)
        for model in apps.get_models()
        if not model._meta.proxy
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    ]


def kept_files(source: Storage) -> Iterator[Stored]:
    """Yield the file of each row with its digest, and the small files that no row has.

    They are of erasures, of backups, and the mark that holds mail. A restored database does not
    know of erasures that are newer: `source` lists them, if it may be listed.
    """
    for model, name in fields():
        rows = model._default_manager.exclude(**{name: ""}).order_by("pk")
        for file, sha256 in rows.values_list(name, "sha256").iterator(chunk_size=AT_ONCE):
            yield Stored(file, sha256)
    erased = ErasureRequest.objects.carried_out().values_list("public_id", flat=True)
    names = {tombstone_name(str(request)) for request in erased}
    try:
        listed = source.listdir(FOLDER)[1]
    except (FileNotFoundError, NotListed):
        listed = []
    names.update(f"{FOLDER}/{name}" for name in listed if not name.endswith(HALF))
    for name in sorted(names):
        yield Stored(name)
    for name in (MARK, *REPORTS):
        if source.exists(name):
            yield Stored(name, may_end=True)


def is_known(name: str) -> bool:
    """Return whether a row has a file of that name, or it needs none."""
    if name in {MARK, *REPORTS} or name.startswith(f"{FOLDER}/"):
        return True
    return any(model._default_manager.filter(**{field: name}).exists() for model, field in fields())
