"""What an operator in Python does: Debian's python3-kubernetes against the cluster of $KUBECONFIG. Prints what it saw as JSON."""
import json
import sys
import threading

from kubernetes import client, config, dynamic, watch
from kubernetes.stream import stream

NAMESPACE = sys.argv[1]
config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()
seen = {}

core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version

events = []
watching = watch.Watch()


def follow():
    for event in watching.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=start, label_selector="app=python", timeout_seconds=60):
        events.append([event["type"], event["object"].metadata.name])
        if event["type"] == "DELETED":
            watching.stop()


follower = threading.Thread(target=follow)
follower.start()

body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="settings", labels={"app": "python"}), data={"a": "1"})
created = core.create_namespaced_config_map(NAMESPACE, body)
seen["created"] = dict(created.data)
created.data["a"] = "2"
seen["replaced"] = core.replace_namespaced_config_map("settings", NAMESPACE, created).data
try:
    created.metadata.resource_version = "1"
    core.replace_namespaced_config_map("settings", NAMESPACE, created)
except client.exceptions.ApiException as refused:
    seen["conflict"] = [refused.status, json.loads(refused.body)["reason"]]
seen["patched"] = core.patch_namespaced_config_map("settings", NAMESPACE, {"data": {"b": "3"}}).data
seen["listed"] = [item.metadata.name for item in core.list_namespaced_config_map(NAMESPACE, label_selector="app=python").items]
core.delete_namespaced_config_map("settings", NAMESPACE, body=client.V1DeleteOptions(propagation_policy="Background"))
follower.join(60)
seen["events"] = events

labels = {"app": "python"}
container = client.V1Container(name="web", image="navarch.local/web:1")
template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container]))
spec = client.V1DeploymentSpec(replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=template)
apps.create_namespaced_deployment(NAMESPACE, client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec))
for event in watch.Watch().stream(apps.list_namespaced_deployment, NAMESPACE, timeout_seconds=60):
    if (event["object"].status.ready_replicas or 0) == 2:
        seen["ready"] = event["object"].status.ready_replicas
        break
pods = core.list_namespaced_pod(NAMESPACE, label_selector="app=python").items
seen["ran"] = stream(core.connect_get_namespaced_pod_exec, pods[0].metadata.name, NAMESPACE, command=["echo", "hi"], stdin=False, stdout=True, stderr=True, tty=False)
scale = apps.read_namespaced_deployment_scale("web", NAMESPACE)
scale.spec.replicas = 1
seen["scaled"] = apps.replace_namespaced_deployment_scale("web", NAMESPACE, scale).spec.replicas
seen["status"] = apps.read_namespaced_deployment_status("web", NAMESPACE).kind

anything = dynamic.DynamicClient(client.ApiClient())
secrets = anything.resources.get(api_version="v1", kind="Secret")
secrets.create(body={"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "dynamic"}, "stringData": {"a": "b"}}, namespace=NAMESPACE)
# As text: this client refuses to send an object as an apply patch.
mine = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "dynamic"}, "stringData": {"c": "d"}})
applied = secrets.server_side_apply(body=mine, name="dynamic", namespace=NAMESPACE, field_manager="python", force_conflicts=True)
seen["dynamic"] = sorted(applied.to_dict()["data"])

review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=client.V1ResourceAttributes(verb="create", resource="pods", namespace=NAMESPACE)))
seen["allowed"] = client.AuthorizationV1Api().create_self_subject_access_review(review).status.allowed
seen["version"] = client.VersionApi().get_code().git_version
core.delete_namespace(NAMESPACE)
print(json.dumps(seen))
