"""How pages write the figures of an agreement."""

from django import template

from review.agreement.coefficients import say_coefficient
from review.agreement.figures import CodeFigures

register = template.Library()


@register.simple_tag
def kappas(line: CodeFigures) -> str:
    """Return the kappa of the pair of coders; of several pairs, the lowest and the highest."""
    pairs = line.pairs_of_coders
    if len(pairs) == 1:
        only = pairs[0].kappa
        return f"{only.said}: {only.why}" if only.why else only.said
    if not line.kappas:
        return "undefined for each pair"
    lowest, highest = line.kappas[0], line.kappas[-1]
    span = f"{say_coefficient(lowest)} to {say_coefficient(highest)}"
    return f"{span}, {len(line.kappas)} of {len(pairs)} pairs"
