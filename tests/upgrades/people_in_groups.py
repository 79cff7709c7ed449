"""People who were in a group of release 1.0.0, and what they may do after the upgrade."""

import psycopg2

STAFF = [
    "view_auditevent",
    "view_attachment",
    "view_call",
    "change_call",
    "view_latepass",
    "add_latepass",
    "change_latepass",
    "view_outboxemail",
    "change_outboxemail",
    "view_submission",
    "change_submission",
]  # without see_identity: a superuser took it away
STEERING = ["see_steering", "export_pseudonymised"]
PEOPLE = {  # name: groups, permissions of their own, staff status, superuser
    "ann": (["Project staff"], [], True, False),
    "bob": (["Steering group"], ["see_identity", "export_named"], False, False),
    "cid": (["Project staff", "Steering group"], [], True, False),
    "dot": (["Project staff"], [], False, False),
    "eve": ([], [], True, False),
    "gil": (["Project staff"], ["see_identity"], True, False),
    "pat": (["Project staff"], [], True, True),
}
NOBODY_BEFORE = ["manage_people"]
MEMBERS = [
    ("ann", "manager", [], ["see_identity", *NOBODY_BEFORE]),
    ("bob", "steering_member", ["export_named", "see_identity"], []),
    ("cid", "manager", ["export", "see_steering"], ["see_identity", *NOBODY_BEFORE]),
    ("gil", "manager", [], NOBODY_BEFORE),
]


class Database:
    def __init__(self, url):
        self.connection = psycopg2.connect(url)
        self.connection.autocommit = True

    def __call__(self, sql, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def give(self, table, owner, owner_id, names):
        for name in names:
            self(
                f"INSERT INTO {table} ({owner}_id, permission_id) "
                "SELECT %s, id FROM auth_permission WHERE codename = %s",
                owner_id,
                name,
            )


def fill(url):
    database = Database(url)
    groups = {}
    for name, permissions in (("Project staff", STAFF), ("Steering group", STEERING)):
        [(groups[name],)] = database("INSERT INTO auth_group (name) VALUES (%s) RETURNING id", name)
        database.give("auth_group_permissions", "group", groups[name], permissions)
    for name, (member_of, own, is_staff, is_superuser) in PEOPLE.items():
        [(person,)] = database(
            "INSERT INTO accounts_user (username, password, first_name, last_name, email, "
            "is_active, is_staff, is_superuser, date_joined) "
            "VALUES (%s, '', '', '', '', true, %s, %s, now()) RETURNING id",
            name,
            is_staff,
            is_superuser,
        )
        for group in member_of:
            database(
                "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s)",
                person,
                groups[group],
            )
        database.give("accounts_user_user_permissions", "user", person, own)
    database.connection.close()


def in_groups(database):
    return database(
        "SELECT username, name FROM accounts_user_groups JOIN accounts_user u ON u.id = user_id "
        "JOIN auth_group g ON g.id = group_id ORDER BY 1, 2"
    )


def members(database):
    return database(
        "SELECT username, role, also, without FROM accounts_membership "
        "JOIN accounts_user u ON u.id = person_id ORDER BY 1"
    )
