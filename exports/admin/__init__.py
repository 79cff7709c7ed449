from exports.admin import api_tokens, team_files

__all__ = ["api_tokens", "team_files"]
