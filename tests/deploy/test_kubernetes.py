"""The manifests for Kubernetes: against its schemas, and what they promise of each container."""

import functools
import re
import shutil
import subprocess
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from core import release
from tests.containers.declared import ROOT, compose, default_command
from tests.containers.test_files import FILLED_IN
from tests.programs import skip_for_want_of

KUBERNETES = ROOT / "deploy" / "kubernetes"
BASE, BACKUP, MONITORING, EXAMPLE = (
    KUBERNETES / name for name in ("base", "backup", "monitoring", "example")
)
# The oldest that these manifests are meant for, and the newest that the package knows.
VERSIONS = ["1.33", kubernetes_validate.latest_version()]
PARTS = {"backup", "beat", "end-record", "migrate", "web", "worker"}
OWNERS = {"backup", "end-record", "migrate"}


@functools.cache
def documents(path):
    """What stands in the file; nobody may change it, as all tests are given the same."""
    return list(YAML(typ="safe").load_all(path.read_text()))


def kustomization(folder):
    (told,) = documents(folder / "kustomization.yaml")
    return told


def resources():
    """Every resource, as it is written."""
    return [
        one
        for folder in (BASE, BACKUP, MONITORING)
        for name in kustomization(folder)["resources"]
        for one in documents(folder / name)
    ]


def template_of(resource):
    spec = resource["spec"]
    return spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]


def pods():
    """Part -> the specification of its pods."""
    templates = [template_of(one) for one in resources() if one["kind"] in WITH_PODS]
    return {
        template["metadata"]["labels"]["app.kubernetes.io/component"]: template["spec"]
        for template in templates
    }


def for_a_restore():
    """What the operators' guide adds to a folder meanwhile."""
    guide = (ROOT / "docs" / "guides" / "operators.md").read_text()
    part = guide.partition("\n### Restoring on Kubernetes\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", part, flags=re.DOTALL)
    return YAML(typ="safe").load(block)


WITH_PODS = {"CronJob", "Deployment", "Job"}


def build(folder):
    """What kustomize makes of a folder."""
    tool = shutil.which("kubectl")
    asked = [tool, "version", "--client"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout if tool else ""
    if not re.search(r"Kustomize Version: v[5-9]", said):  # Debian 12's is of 2020
        skip_for_want_of("kubectl 1.27 or newer", remedy="it comes with Kubernetes")
    made = subprocess.run(
        [tool, "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return list(YAML(typ="safe").load_all(made.stdout))


@pytest.fixture(scope="module")
def built():
    return build(EXAMPLE)


def refusal(resource, version):
    """What the schema of that version of Kubernetes says against it; None if nothing."""
    try:
        kubernetes_validate.validate(resource, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    return None


@pytest.mark.parametrize("version", VERSIONS)
def test_every_resource_follows_the_schema(version):
    names = [(one["kind"], one["metadata"]["name"]) for one in resources()]
    assert len(names) == len(set(names)) > len(PARTS)
    refused = [(one["kind"], refusal(one, version)) for one in resources()]
    assert [said for said in refused if said[1]] == []


def test_schema_refuses_a_word_that_kubernetes_does_not_know():
    (account,) = documents(BASE / "account.yaml")
    wrong = account | {"automountServiceAccountTokens": False}
    assert "automountServiceAccountTokens" in refusal(wrong, VERSIONS[0])


@pytest.mark.parametrize(
    "folder", [BASE, BACKUP, MONITORING, EXAMPLE], ids=lambda folder: folder.name
)
def test_kustomization_names_what_is_there_and_leaves_nothing_out(folder):
    told = kustomization(folder)
    named = [*told["resources"], *told.get("components", [])]
    assert [name for name in named if not (folder / name).exists()] == []
    files = {path.name for path in folder.iterdir()} - {"kustomization.yaml"}
    assert {name for name in named if not name.startswith("..")} == files


@pytest.mark.parametrize("version", VERSIONS)
def test_built_example_follows_the_schema(built, version):
    refused = [(one["kind"], refusal(one, version)) for one in built]
    assert [said for said in refused if said[1]] == []


def test_built_example_has_one_host_and_one_image_everywhere(built):
    settings = next(one["data"] for one in built if one["kind"] == "ConfigMap")
    host = urlsplit(settings["PORTAL_URL"]).hostname
    assert host == "evidence.charity.example"
    ingress = next(one["spec"] for one in built if one["kind"] == "Ingress")
    assert [rule["host"] for rule in ingress["rules"]] == [host]
    assert [tls["hosts"] for tls in ingress["tls"]] == [[host]]
    assert "evidence.example.org" not in str(built)
    templates = [template_of(one)["spec"] for one in built if one["kind"] in WITH_PODS]
    images = {pod["containers"][0]["image"] for pod in templates}
    assert images == {f"registry.charity.example/evidence-portal:{release.VERSION}"}
    assert {one["metadata"]["namespace"] for one in built} == {"evidence"}


def test_built_example_gives_every_part_the_settings_and_its_labels(built):
    (name,) = [one["metadata"]["name"] for one in built if one["kind"] == "ConfigMap"]
    for one in built:
        if one["kind"] not in WITH_PODS:
            continue
        template = template_of(one)
        assert template["metadata"]["labels"]["app.kubernetes.io/name"] == "evidence-portal"
        (container,) = template["spec"]["containers"]
        assert container["envFrom"] == [{"configMapRef": {"name": name}}]


def test_parts_run_what_their_containers_run():
    assert set(pods()) == PARTS
    services = compose(**FILLED_IN)["services"]
    for part, pod in pods().items():
        command = pod["containers"][0].get("command")
        if part == "end-record":
            assert command == ["python", "manage.py", "end_record"]
        elif part == "web":
            assert (command, default_command()[2]) == (None, "evidence_portal.web")
        else:
            assert command == services[part]["command"]


@pytest.mark.parametrize("part", sorted(PARTS))
def test_pod_keeps_to_what_kubernetes_calls_restricted(part):
    pod = pods()[part]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod) == set()
    assert "memory" in container["resources"]["limits"]
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"emptyDir", "secret", "projected", "persistentVolumeClaim"}


def test_only_what_works_as_the_owner_gets_the_owners_secret():
    with_it = {part for part, pod in pods().items() if "evidence-portal-owner" in str(pod)}
    assert with_it == OWNERS


def test_no_secret_stands_in_a_manifest():
    assert {one["kind"] for one in resources()} & {"Secret", "ConfigMap"} == set()
    for folder in (BASE, EXAMPLE):
        for generator in kustomization(folder)["configMapGenerator"]:
            names = {literal.partition("=")[0] for literal in generator["literals"]}
            assert not re.search(r"SECRET|TOKEN|DSN|(?:DATABASE|BROKER|EMAIL)_URL", " ".join(names))
        assert "secretGenerator" not in kustomization(folder)


def test_secrets_are_mounted_where_the_portal_looks_for_them():
    (settings,) = kustomization(BASE)["configMapGenerator"]
    folder = dict(line.split("=", 1) for line in settings["literals"])["CREDENTIALS_DIRECTORY"]
    for part, pod in pods().items():
        mounted = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
        assert mounted["secrets"] == folder, part


def test_web_server_stays_within_reach_while_it_says_that_the_database_is_away():
    (web,) = pods()["web"]["containers"]
    asked = {
        name: web[name]["httpGet"]["path"]
        for name in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert asked == {
        "startupProbe": "/readyz/",
        "readinessProbe": "/healthz/",
        "livenessProbe": "/healthz/",
    }


def test_one_beat_runs_and_a_web_server_is_always_there():
    deployments = {
        one["metadata"]["name"]: one["spec"] for one in resources() if one["kind"] == "Deployment"
    }
    beat = deployments["evidence-portal-beat"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})
    web = deployments["evidence-portal-web"]
    assert (web["replicas"], web["strategy"]["rollingUpdate"]["maxUnavailable"]) == (2, 0)
    (budget,) = [one["spec"] for one in resources() if one["kind"] == "PodDisruptionBudget"]
    assert budget["minAvailable"] == 1
    selects = {"matchLabels": {"app.kubernetes.io/component": "web"}}
    assert budget["selector"] == web["selector"] == selects


def test_prometheus_asks_each_web_server_where_a_folder_lets_it(built, tmp_path):
    copied = shutil.copytree(KUBERNETES, tmp_path / "kubernetes") / "example"
    told = kustomization(copied)
    told["components"].append("../monitoring")
    with (copied / "kustomization.yaml").open("w") as file:
        YAML(typ="safe").dump(told, file)
    made = build(copied)
    new = [one for one in made if one not in built]
    refused = [(one["kind"], refusal(one, version)) for one in new for version in VERSIONS]
    assert {kind for kind, _said in refused} == {"Deployment", "NetworkPolicy"}
    assert [said for said in refused if said[1]] == []
    (web,) = [
        template_of(one)
        for one in made
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "evidence-portal-web")
    ]
    (container,) = web["spec"]["containers"]
    # Kubernetes puts in what stands before.
    assert [one["name"] for one in container["env"][-2:]] == ["POD_IP", "ALLOWED_HOSTS"]
    assert container["env"][-1]["value"] == "$(POD_IP)"
    (policy,) = [one for one in made if one["metadata"]["name"] == "evidence-portal-monitoring"]
    selected = policy["spec"]["podSelector"]["matchLabels"]
    assert selected.items() <= web["metadata"]["labels"].items()
    (config,) = documents(ROOT / "deploy" / "monitoring" / "prometheus-kubernetes.yml")
    (scrape,) = config["scrape_configs"]
    (keeps,) = scrape["relabel_configs"]
    (port,) = container["ports"]
    component = web["metadata"]["labels"]["app.kubernetes.io/component"]
    assert keeps["regex"] == f"{component};{port['name']}"
    assert scrape["kubernetes_sd_configs"][0]["namespaces"]["names"] == [told["namespace"]]


def test_web_server_is_reached_by_the_ingress_controller_alone():
    policies = {
        one["metadata"]["name"]: one["spec"]
        for one in resources()
        if one["kind"] == "NetworkPolicy"
    }
    everything = policies["evidence-portal"]
    assert everything["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in everything
    (allowed,) = policies["evidence-portal-web"]["ingress"]
    (controller,) = allowed["from"]
    assert controller["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "ingress-nginx"
    }
    assert policies["evidence-portal-outside"]["policyTypes"] == ["Egress"]
    assert policies["evidence-portal-backup"]["policyTypes"] == ["Egress"]
    # In a component that whoever wants it adds.
    assert kustomization(MONITORING)["resources"] == ["network-policy.yaml"]
    assert set(policies) - {"evidence-portal-monitoring"} == {
        *("evidence-portal", "evidence-portal-web", "evidence-portal-outside"),
        "evidence-portal-backup",
    }


def test_nothing_but_a_pod_that_waits_runs_during_a_restore(tmp_path):
    copied = shutil.copytree(KUBERNETES, tmp_path / "kubernetes") / "example"
    told, added = kustomization(copied), for_a_restore()
    told |= {"replicas": added["replicas"], "patches": told["patches"] + added["patches"]}
    with (copied / "kustomization.yaml").open("w") as file:
        YAML(typ="safe").dump(told, file)
    specs = {
        one["metadata"]["name"]: one["spec"] for one in build(copied) if one["kind"] in WITH_PODS
    }
    idle = {
        name for name, spec in specs.items() if spec.get("suspend") or spec.get("replicas") == 0
    }
    parts = {f"evidence-portal-{part}" for part in PARTS}
    assert idle == parts - {"evidence-portal-backup"}
    waiting = specs["evidence-portal-backup"]["template"]["spec"]
    assert waiting["containers"][0]["command"] == ["sleep", "infinity"]
    mounted = {one["mountPath"] for one in waiting["containers"][0]["volumeMounts"]}
    assert {"/backups", "/uploads", "/tmp"} < mounted
    assert "evidence-portal-owner" in str(waiting)


def test_every_part_that_reads_files_reaches_a_bucket():
    reached = set()
    for one in resources():
        if one["kind"] != "NetworkPolicy":
            continue
        ports = {to["port"] for rule in one["spec"].get("egress", []) for to in rule["ports"]}
        selector = one["spec"]["podSelector"]
        labels = selector.get("matchLabels", {}).get("app.kubernetes.io/component")
        parts = {labels} if labels else set()
        for expression in selector.get("matchExpressions", []):
            parts |= set(expression["values"])
        if 443 in ports:
            reached |= parts
    with_files = {
        part
        for part, spec in pods().items()
        if "uploads" in {volume["name"] for volume in spec["volumes"]}
    }
    assert with_files == reached == {"backup", "web", "worker"}


@pytest.mark.parametrize("folder", [BASE, BACKUP], ids=lambda folder: folder.name)
def test_image_has_the_tag_of_its_release(folder):
    assert kustomization(folder)["images"] == [
        {"name": "evidence-portal", "newTag": release.VERSION}
    ]


def test_ingress_keeps_links_out_of_its_log_and_takes_what_the_portal_takes():
    (patch,) = kustomization(EXAMPLE)["patches"]
    annotations = YAML(typ="safe").load(patch["patch"])["metadata"]["annotations"]
    of_nginx = "nginx.ingress.kubernetes.io/"
    assert annotations[f"{of_nginx}enable-access-log"] == "false"
    assert annotations[f"{of_nginx}proxy-body-size"] == "128m"
