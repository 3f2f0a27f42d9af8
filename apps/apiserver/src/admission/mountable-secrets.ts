import type { corev1 } from '@navarch/api';

const annotation = 'kubernetes.io/enforce-mountable-secrets';

/** What Go's strconv.ParseBool takes for true. */
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];

/** Why a pod may not use a secret, if its account limits the secrets that its pods may use to those it lists. */
export function secretNotMountable({ metadata, secrets, imagePullSecrets }: corev1.ServiceAccount, { spec }: corev1.Pod): string | undefined {
  if (!TRUE.includes(metadata.annotations?.[annotation] ?? '') || spec === undefined) return undefined;
  const listed = new Set(secrets?.map(({ name }) => name));
  const account = metadata.name ?? '';
  for (const { secret } of spec.volumes ?? [])
    if (secret !== undefined && !listed.has(secret.secretName)) {
      return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${account} does not reference that secret`;
    }
  const groups = [['init container', spec.initContainers], ['container', spec.containers], ['ephemeral container', spec.ephemeralContainers]] as const;
  for (const [what, containers] of groups)
    for (const container of containers ?? []) {
      const whose = `is not allowed because service account ${account} does not reference that secret`;
      const secret = container.env?.find(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined && !listed.has(valueFrom.secretKeyRef.name));
      if (secret !== undefined)
        return `${what} ${container.name} with envVar ${secret.name} referencing secret.secretName="${secret.valueFrom?.secretKeyRef?.name ?? ''}" ${whose}`;
      const all = container.envFrom?.find(({ secretRef }) => secretRef !== undefined && !listed.has(secretRef.name));
      if (all !== undefined) return `${what} ${container.name} with envFrom referencing secret.secretName="${all.secretRef?.name ?? ''}" ${whose}`;
    }
  const pull = new Set(imagePullSecrets?.map(({ name }) => name));
  const index = spec.imagePullSecrets?.findIndex(({ name }) => !pull.has(name)) ?? -1;
  return index < 0
    ? undefined
    : `imagePullSecrets[${index}].name="${spec.imagePullSecrets?.[index]?.name ?? ''}" is not allowed because service account ${account} does not reference that imagePullSecret`;
}
