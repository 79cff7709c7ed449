from exports.admin import team_files

__all__ = ["team_files"]
