"""Invitations, mails about accounts, sign-ins, and counted tries."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("accounts", "0010_chain"),
        ("submissions", "0001_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                ("who", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("last_at", models.DateTimeField(help_text="Real time.")),
                ("wait_until", models.DateTimeField(help_text="Real time.", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email address")),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="submissions.call",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manager", "Manager"),
                            ("reviewer", "Reviewer"),
                            ("coder", "Coder"),
                            ("steering_member", "Steering member"),
                            ("data_protection", "Data protection"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "is_administrator",
                    models.BooleanField(
                        default=False,
                        help_text="Of the whole portal, who may do everything in every call.",
                        verbose_name="administrator",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="invited at")),
                ("expires_at", models.DateTimeField(help_text="Real time.")),
                (
                    "digest",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 of the token in the link that was sent last.",
                        max_length=64,
                    ),
                ),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        help_text="Empty where a command on the server invited.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AccountMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claimed_at", models.DateTimeField(help_text="Real time.", null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invitation", "Invitation"),
                            ("new_password", "Link to a new password"),
                            ("password_changed", "Notice of a changed password"),
                            ("second_factor", "Notice of a changed second factor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("to_address", models.CharField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("claimed", "Being sent")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(help_text="Real time.")),
                (
                    "next_attempt_at",
                    models.DateTimeField(help_text="Real time; at once if empty.", null=True),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="accounts.invitation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("began_at", models.DateTimeField(help_text="Real time.")),
                ("last_used_at", models.DateTimeField(help_text="Real time, to the minute.")),
                (
                    "browser",
                    models.CharField(help_text="Such as “Firefox on Windows”.", max_length=100),
                ),
                (
                    "second_factor",
                    models.BooleanField(
                        default=False, help_text="A second factor was given or set up in it."
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-last_used_at", "-pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                models.F("digest"),
                condition=models.Q(("digest", ""), _negated=True),
                name="accounts_invitation_token",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("used_at__isnull", True), ("digest", ""), _connector="OR"),
                name="accounts_invitation_used_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("call__isnull", True), ("is_administrator", True), ("role", "")),
                    models.Q(
                        ("call__isnull", False),
                        ("is_administrator", False),
                        (
                            "role__in",
                            [
                                "manager",
                                "reviewer",
                                "coder",
                                "steering_member",
                                "data_protection",
                            ],
                        ),
                    ),
                    _connector="OR",
                ),
                name="accounts_invitation_to_a_call_or_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["invitation", "new_password", "password_changed", "second_factor"],
                    )
                ),
                name="accounts_accountmail_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "claimed"])),
                name="accounts_accountmail_state",
            ),
        ),
    ]
