"""Answers that are alike and not, and comparing them as the worker does."""

from review.duplicates import comparing_arrivals
from review.models import ClusterMember
from tests.makers import OPENS_AT, make_submitted

CAMPAIGN = (
    "Small charities in our county lose contracts because the tender asks for three years of "
    "accounts and a parent guarantee. We ask you to recommend that commissioners split large "
    "contracts into lots, pay a fair share of overheads, and give six weeks for each bid. Our "
    "members have run refuges for forty years and have never been asked how a service works."
)
PREFACE = (
    "I am a trustee of a village hall and have volunteered there since 2003, mostly with young "
    "people after school, and somebody at our umbrella body sent me this. "
)
OTHER = (
    "When the hospital closed its ward we began to drive patients to the next town. Nobody paid "
    "for petrol until last spring, when a housing association took us on as a partner, and since "
    "then our drivers get their costs back within a fortnight, which made all the difference."
)

IN_CHINESE = (
    "小型慈善机构在我们县失去了合同，因为招标要求三年的账目和母公司的担保。我们请你们建议委托人把大合同"
    "分成小块，支付合理的管理费用，并为每次投标留出六周时间。"
)
PREFACE_IN_CHINESE = "我是村里会堂的受托人，从2003年起一直在那里做志愿者。"


def send(call, story, **answers):
    return make_submitted(call, story=story, **answers)


def compare_all(at=OPENS_AT):
    return comparing_arrivals.compare_due(now=lambda: at, until=lambda: False)


def found():
    """The members of each cluster: sets of references."""
    sets = {}
    for member in ClusterMember.objects.select_related("submission").order_by("pk"):
        sets.setdefault(member.cluster_id, set()).add(member.submission.reference)
    return sorted(sets.values(), key=len)
