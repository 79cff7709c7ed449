"""Why a backup or a restore could not go on."""


class BackupFailed(Exception):
    """The message is one line for whoever runs the portal, with what to do."""


class AlreadyRunning(BackupFailed):
    """Another backup writes into the same folder, and reports for itself."""


class Damaged(BackupFailed):
    """What is stored is not what was stored."""
