/** The kubelet: runs the pods of a node on a container runtime that speaks CRI v1. */
export { Kubelet } from './kubelet';
export { type KubeletDeps } from './kubelet-deps';
export { type KubeletOptions } from './kubelet-options';
export { type ContainerRuntime } from './runtime';
