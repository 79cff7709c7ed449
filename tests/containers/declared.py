"""What Dockerfile, docker-compose.yml and .dockerignore say, as Python."""

import fnmatch
import json
import re
import shutil
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<how>:\?|:-)?(?P<rest>[^}]*)\}")


def compose(**variables):
    """The compose file with `variables` put in; a required one that is missing raises KeyError."""

    def value_of(match):
        given = variables.get(match["name"], "")
        if not given and match["how"] == ":?":
            raise KeyError(match["name"])
        return given or match["rest"]

    def filled(node):
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        if isinstance(node, str):
            return VARIABLE.sub(value_of, node).replace("$$", "$")
        return node

    return filled(YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text()))


def variables_of_compose():
    """Name -> the set of ways (`:?`, `:-`, None) and remainders in which the file asks for it."""
    asked = {}
    text = "\n".join(
        line
        for line in (ROOT / "docker-compose.yml").read_text().splitlines()
        if not line.lstrip().startswith("#")
    )
    for match in VARIABLE.finditer(text):
        asked.setdefault(match["name"], set()).add((match["how"], match["rest"]))
    return asked


def instructions():
    """The Dockerfile as (instruction, rest) pairs, its continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def runs_in_the_last_stage():
    pairs = instructions()
    start = max(number for number, (word, _) in enumerate(pairs) if word == "FROM")
    return [rest for word, rest in pairs[start:] if word == "RUN"]


def default_command():
    return next(json.loads(rest) for word, rest in instructions() if word == "CMD")


def copy_build_context(target):
    """Copy what `COPY . .` puts into the image, by .dockerignore, to `target`."""
    rules = [
        line.strip()
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert rules[0] == "*"
    kept = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    dropped = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    target.mkdir()
    for path in ROOT.iterdir():
        if not any(fnmatch.fnmatch(path.name, rule) for rule in kept):
            continue
        if path.is_dir():
            shutil.copytree(path, target / path.name, ignore=shutil.ignore_patterns(*dropped))
        else:
            shutil.copy2(path, target / path.name)
