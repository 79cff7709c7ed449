"""Groups give no rights any more, so nothing notes what was given to them."""

from django.db import migrations


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0008_members_out_of_groups")]

    operations = [migrations.DeleteModel(name="GroupSetUp")]
