"""Lists that can be narrowed by the filters that they show, and by nothing else."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.http import HttpRequest


class DeclaredFiltersOnly(ModelAdmin):
    """Django lets an address narrow a list by any field of the model (`?to_address__startswith=`).

    So people could guess what they may not see. Here only the parameters of the list's own
    filters count; any other is answered with 400.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        filters = self.list_filter if request is None else self.get_list_filter(request)
        return any(lookup in self._parameters(one) for one in filters)

    def _parameters(self, declared: Any) -> set[str]:
        """Return what Django's filter of the field reads from an address, and its shorter forms."""
        if isinstance(declared, type) and issubclass(declared, SimpleListFilter):
            return {str(declared.parameter_name), *getattr(declared, "more_parameters", ())}
        path = declared[0] if isinstance(declared, tuple | list) else declared
        field: Any = get_fields_from_path(self.model, path)[-1]
        target = f"__{field.target_field.name}" if field.is_relation else ""
        return {path, f"{path}__exact", f"{path}{target}__exact", f"{path}__isnull"}
