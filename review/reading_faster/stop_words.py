"""Common English words that a list of words leaves out, in small letters."""

STOP_WORDS = frozenset(
    """
    about above after again against all also although always among and another any are
    around because been before being below between both but came can cannot could did does
    doing done down during each either enough even ever every few for from further gave get
    gets getting give given gives going gone got had has have having her here hers herself
    him himself his how however into its itself just keep kept know let like made make makes
    making many may maybe might more most much must myself near need needs neither never
    next nor not now off often once one only onto other others our ours ourselves out over
    own perhaps put quite rather really said same saw say says see seem seems seen several
    shall she should since some still such take taken than that the their theirs them
    themselves then there these they thing things this those though through thus too toward
    towards two under until upon use used uses using very want wants was way ways well went
    were what whatever when where whether which while who whole whom whose why will with
    within without would yes yet you your yours yourself yourselves don't doesn't didn't
    isn't aren't wasn't weren't won't wouldn't can't couldn't shouldn't haven't hasn't
    hadn't i'm i've it's that's there's they're they've we're we've you're
    """.split()  # noqa: SIM905 - a list would take 180 lines
)
