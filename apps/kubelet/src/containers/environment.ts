import { type corev1 } from '@navarch/api';
import { ContainerConfigError } from './config-error';
import { parseEnvFile } from './env-file';
import { expand } from './expand';
import { TextBudget } from './process-limits';
import { fieldRefValue, type PodAddresses } from './field-ref';
import { resourceFieldRefValue } from './resource-field-ref';
import { errorText, isCode } from '../error-text';
import { namespaceOf } from '../pods/pod-spec';

/** Reads what environments and volumes refer to; rejects with an ApiError. */
export interface ReferencedData {
  configMap(namespace: string, name: string): Promise<corev1.ConfigMap>;
  secret(namespace: string, name: string): Promise<corev1.Secret>;
  /** True for an error that says there is no such object. */
  isMissing(error: unknown): boolean;
}

export interface EnvironmentInput {
  readonly pod: corev1.Pod;
  readonly container: corev1.Container;
  readonly services: ReadonlyMap<string, string>;
  readonly addresses: PodAddresses;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly data: ReferencedData;
  /** A file in a volume of the pod. */
  readonly file: (volumeName: string, path: string) => Promise<Buffer>;
}

/** All variables of a container: its own over `envFrom` over those of services. Throws ContainerConfigError. */
export async function makeEnvironment(input: EnvironmentInput): Promise<Map<string, string>> {
  const result = new LimitedVariables();
  for (const source of input.container.envFrom ?? []) await addSource(input, source, result);
  for (const variable of input.container.env ?? []) {
    const value = variable.valueFrom
      ? await valueFrom(input, variable.valueFrom)
      : expand(variable.value ?? '', (name) => result.get(name) ?? input.services.get(name));
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of input.services) if (!result.has(name)) result.set(name, value);
  return result;
}

/** Variables, of which there cannot be more than a process can have; one that is set anew counts twice. */
class LimitedVariables extends Map<string, string> {
  readonly #budget = new TextBudget('variables');

  override set(name: string, value: string): this {
    this.#budget.add(`${name}=`);
    this.#budget.add(value);
    return super.set(name, value);
  }
}

async function addSource({ pod, data }: EnvironmentInput, source: corev1.EnvFromSource, result: Map<string, string>): Promise<void> {
  const prefix = source.prefix ?? '';
  const reference = source.configMapRef ?? source.secretRef;
  if (!reference) return;
  const name = reference.name ?? '';
  const values = await optionally(data, reference.optional === true, async (): Promise<Record<string, string | Buffer>> =>
    source.configMapRef ? (await data.configMap(namespaceOf(pod), name)).data ?? {} : decodeSecret(await data.secret(namespaceOf(pod), name)));
  for (const [key, value] of Object.entries(values ?? {})) {
    if (isVariableName(prefix + key)) result.set(prefix + key, value.toString());
  }
}

async function valueFrom({ pod, container, addresses, allocatable, data, file }: EnvironmentInput, source: corev1.EnvVarSource): Promise<string | undefined> {
  const namespace = namespaceOf(pod);
  try {
    if (source.fieldRef) return fieldRefValue(pod, source.fieldRef.fieldPath, addresses);
    if (source.resourceFieldRef) return resourceFieldRefValue(pod, container, source.resourceFieldRef, allocatable);
  } catch (error) {
    throw new ContainerConfigError(errorText(error), { cause: error });
  }
  if (source.configMapKeyRef) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const configMap = await optionally(data, optional === true, () => data.configMap(namespace, name));
    const value = configMap?.data?.[key];
    if (value === undefined && optional !== true) throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (source.secretKeyRef) {
    const { name = '', key, optional } = source.secretKeyRef;
    const secret = await optionally(data, optional === true, () => data.secret(namespace, name));
    const value = secret && decodeSecret(secret)[key];
    if (value === undefined && optional !== true) throw new ContainerConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return value?.toString();
  }
  if (source.fileKeyRef) return fileValue(source.fileKeyRef, file);
  return '';
}

async function fileValue({ volumeName, path, key, optional }: corev1.FileKeySelector, file: EnvironmentInput['file']): Promise<string | undefined> {
  let value: string | undefined;
  try {
    value = parseEnvFile((await file(volumeName, path)).toString('utf8')).get(key);
  } catch (error) {
    if (optional === true && isCode(error, 'ENOENT')) return undefined;
    throw new ContainerConfigError(`failed to read variables from file "${path}" of volume "${volumeName}": ${errorText(error)}`, { cause: error });
  }
  if (value === undefined && optional !== true) throw new ContainerConfigError(`environment variable key "${key}" not found in file "${path}"`);
  return value;
}

async function optionally<T>(data: ReferencedData, optional: boolean, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (optional && data.isMissing(error)) return undefined;
    throw new ContainerConfigError(errorText(error), { cause: error });
  }
}

/** A secret's values as bytes. */
export function decodeSecret(secret: corev1.Secret): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

/** Printable ASCII without `=`: what upstream allows since 1.34. */
function isVariableName(name: string): boolean {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name);
}
