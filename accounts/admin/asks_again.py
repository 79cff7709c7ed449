"""Pages of the admin on which somebody shows again who they are before they save or delete."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.asking_again import ask_again


class AsksAgain(admin.ModelAdmin):
    """Whoever changes what somebody may do shows again who they are."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        self._ask(request, object_id)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        self._ask(request, object_id)
        return super().delete_view(request, object_id, *args, **kwargs)

    def asks_for(self, request: HttpRequest, object_id: str | None) -> bool:
        """Return whether to ask for this row; those who may not touch it are refused unasked."""
        return request.user.is_superuser

    def _ask(self, request: HttpRequest, object_id: str | None) -> None:
        if request.method == "POST" and self.asks_for(request, object_id):
            ask_again(request)
