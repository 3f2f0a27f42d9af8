import type { corev1, KubeObject } from '@navarch/api';
import { canonicalJson, podTemplateHash } from '@navarch/reconcile';

/** On a workload: its pods are replaced when a ConfigMap or Secret that they use changes. */
export const RESTART_ON_CHANGE = 'navarch.io/restart-on-config-change';
/** On its pod template: what it was rolled out with. */
export const CONFIG_HASH = 'navarch.io/config-hash';

export type Restartable = KubeObject & { readonly spec?: { readonly template?: corev1.PodTemplateSpec } };

export const wantsRestarts = ({ metadata }: KubeObject): boolean => metadata.annotations?.[RESTART_ON_CHANGE] === 'true';

export interface ConfigNames {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
}

/** What the pods of a template read: as volumes, projected or not, and as variables. */
export function configNames({ spec }: corev1.PodTemplateSpec): ConfigNames {
  const configMaps = new Set<string | undefined>();
  const secrets = new Set<string | undefined>();
  for (const { configMap, secret, projected } of spec?.volumes ?? []) {
    configMaps.add(configMap?.name);
    secrets.add(secret?.secretName);
    for (const source of projected?.sources ?? []) {
      configMaps.add(source.configMap?.name);
      secrets.add(source.secret?.name);
    }
  }
  for (const { env = [], envFrom = [] } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    for (const { valueFrom } of env) {
      configMaps.add(valueFrom?.configMapKeyRef?.name);
      secrets.add(valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom) {
      configMaps.add(configMapRef?.name);
      secrets.add(secretRef?.name);
    }
  }
  return { configMaps: named(configMaps), secrets: named(secrets) };
}

const named = (names: ReadonlySet<string | undefined>): string[] => [...names].filter((name) => name !== undefined && name !== '').sort() as string[];

/** One text for the content of what is read; what is not there is part of it. */
export function configHash(contents: readonly { readonly name: string; readonly data: unknown }[]): string {
  return podTemplateHash({ metadata: { annotations: { [CONFIG_HASH]: canonicalJson(contents) } } });
}

/** The change of a workload that makes it roll out anew; undefined while its pods have what is there. */
export function planRestart({ spec }: Restartable, hash: string): object | undefined {
  if (spec?.template?.metadata?.annotations?.[CONFIG_HASH] === hash) return undefined;
  return { spec: { template: { metadata: { annotations: { [CONFIG_HASH]: hash } } } } };
}
