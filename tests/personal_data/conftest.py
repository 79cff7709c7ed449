from tests.forked_programs import forking_servers, programs_are_forked

__all__ = ["forking_servers", "programs_are_forked"]
