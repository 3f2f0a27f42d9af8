import { node, type corev1, type nodev1 } from '@navarch/api';
import { compareQuantities, goQuote, parseQuantity } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { mergeTolerations } from './optional/merge-tolerations';
import { refused } from './refused';

/** Gives a pod what its RuntimeClass asks for: the overhead of the runtime, and nodes that have it. */
export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = 'RuntimeClass';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && group === '' && resource === 'pods' && subresource === '';
  }

  mutate(attributes: AdmissionAttributes): void | Promise<void> {
    const { spec } = attributes.object as corev1.Pod;
    return spec?.runtimeClassName === undefined ? undefined : this.#complete(attributes, spec, spec.runtimeClassName);
  }

  async #complete(attributes: AdmissionAttributes, spec: corev1.PodSpec, name: string): Promise<void> {
    if (this.#classOf(name) === undefined) await this.reader.refresh();
    const runtime = this.#classOf(name);
    if (runtime === undefined) throw refused(attributes, `pod rejected: RuntimeClass ${goQuote(name)} not found`);
    setOverhead(attributes, spec, runtime);
    setScheduling(attributes, spec, runtime);
  }

  validate(attributes: AdmissionAttributes): void {
    const { spec } = attributes.object as corev1.Pod;
    const name = spec?.runtimeClassName;
    const overhead = name === undefined ? undefined : this.#classOf(name)?.overhead;
    if (overhead !== undefined && !sameAmounts(overhead.podFixed, spec?.overhead)) throw mismatch(attributes);
    if (overhead === undefined && Object.keys(spec?.overhead ?? {}).length > 0) throw refused(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  }

  #classOf(name: string): nodev1.RuntimeClass | undefined {
    return this.reader.get(node.runtimeclasses, '', name);
  }
}

const mismatch = (attributes: AdmissionAttributes): Error => refused(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");

function sameAmounts(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => compareQuantities(parseQuantity(a[name] ?? '0'), parseQuantity(b[name] ?? '-1')) === 0);
}

function setOverhead(attributes: AdmissionAttributes, spec: corev1.PodSpec, { overhead }: nodev1.RuntimeClass): void {
  if (overhead === undefined) return;
  if (Object.keys(spec.overhead ?? {}).length > 0 && !sameAmounts(overhead.podFixed, spec.overhead)) throw mismatch(attributes);
  spec.overhead = { ...overhead.podFixed };
}

function setScheduling(attributes: AdmissionAttributes, spec: corev1.PodSpec, { scheduling }: nodev1.RuntimeClass): void {
  if (scheduling === undefined) return;
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) throw refused(attributes, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`);
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  const own = spec.tolerations ?? [];
  const merged = mergeTolerations(own, scheduling.tolerations ?? []);
  if (!isDeepStrictEqual(merged, own)) spec.tolerations = structuredClone(merged);
}
