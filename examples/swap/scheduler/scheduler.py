"""The same scheduler in Python, against the same contract.

    apt-get install python3-grpc-tools
    python3 examples/swap/scheduler/scheduler.py 127.0.0.1:6444 .navarch/navarch/pki
"""
import importlib
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import grpc
from grpc_tools import protoc

address, pki, scheduler_name = (sys.argv[1:] + ["127.0.0.1:6444", ".navarch/navarch/pki", "tiny"][len(sys.argv) - 1:])[:3]
# The contract is all that is needed: its Python form is made here.
generated = tempfile.mkdtemp()
contracts = Path(__file__).parents[3] / "proto"
protoc.main(["protoc", f"-I{contracts}", f"--python_out={generated}", f"--grpc_python_out={generated}", "navarch/object/v1/object.proto"])
sys.path.insert(0, generated)
messages = importlib.import_module("navarch.object.v1.object_pb2")
services = importlib.import_module("navarch.object.v1.object_pb2_grpc")


def read(name):
    return (Path(pki) / name).read_bytes()


identity = grpc.ssl_channel_credentials(read("ca.crt"), read("scheduler.key"), read("scheduler.crt"))
api = services.ObjectServiceStub(grpc.secure_channel(address, identity, [("grpc.max_receive_message_length", -1)]))
lock = threading.Lock()
nodes, placed, waiting = set(), {}, {}


def resource(name):
    return messages.ResourceKey(version="v1", resource=name)


def on_node(deleted, node):
    name = node["metadata"]["name"]
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node.get("status", {}).get("conditions", []))
    if deleted or not ready or node.get("spec", {}).get("unschedulable"):
        nodes.discard(name)
    else:
        nodes.add(name)


def on_pod(deleted, pod):
    meta, spec = pod["metadata"], pod["spec"]
    waiting.pop(meta["uid"], None)
    placed.pop(meta["uid"], None)
    if deleted or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return
    if spec.get("nodeName"):
        placed[meta["uid"]] = spec["nodeName"]
    elif spec.get("schedulerName") == scheduler_name and "deletionTimestamp" not in meta and not spec.get("schedulingGates"):
        waiting[meta["uid"]] = pod


def schedule():
    for uid, pod in list(waiting.items()):
        if not nodes:
            return
        count = Counter(placed.values())
        node = min(sorted(nodes), key=lambda name: count[name])
        meta = pod["metadata"]
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": uid}, "target": {"kind": "Node", "name": node}}
        key = messages.ObjectKey(resource=resource("pods"), namespace=meta["namespace"], name=meta["name"])
        del waiting[uid]
        try:
            api.Create(messages.CreateRequest(key=key, subresource="binding", object=json.dumps(binding).encode()), timeout=10)
            placed[uid] = node
            print(f"{meta['namespace']}/{meta['name']} runs on {node}", flush=True)
        except grpc.RpcError as error:
            print(f"{meta['namespace']}/{meta['name']}: {error.details()}", file=sys.stderr)
            # Refused because it is gone or has a node is no reason to try again; anything else is.
            if error.code() not in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ABORTED):
                waiting[uid] = pod


def follow(name, forget, apply):
    of = messages.ObjectClass(resource=resource(name))
    while True:
        try:
            version = 0
            with lock:
                forget()
            for frame in api.Snapshot(messages.SnapshotRequest(**{"class": of})):
                version = frame.resource_version
                with lock:
                    for item in frame.objects:
                        apply(False, json.loads(item))
            for frame in api.Watch(messages.WatchRequest(**{"class": of}, resource_version=version)):
                with lock:
                    for event in frame.events:
                        if event.object:
                            apply(event.type == messages.EVENT_TYPE_DELETED, json.loads(event.object))
                    schedule()
        except grpc.RpcError as error:
            print(f"{name}: {error.details()}", file=sys.stderr)
            time.sleep(1)


def forget_pods():
    placed.clear()
    waiting.clear()


threading.Thread(target=follow, args=("nodes", nodes.clear, on_node), daemon=True).start()
follow("pods", forget_pods, on_pod)
