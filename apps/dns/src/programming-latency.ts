import type { corev1, discoveryv1 } from '@navarch/api';

/** When that happened which a slice tells of, as the controller of slices writes it. */
const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/**
 * How long it took from a change of pods until their names answer so; undefined where a slice does not say when that was, or
 * says nothing new. As CoreDNS, of headless Services with a selector only: the names of others do not follow their pods.
 */
export function programmingSeconds(before: discoveryv1.EndpointSlice | undefined, after: discoveryv1.EndpointSlice, service: corev1.Service | undefined, nowMs: number): number | undefined {
  const at = after.metadata.annotations?.[triggerTimeAnnotation];
  const isHeadless = service?.spec?.clusterIP === 'None' && service.spec.selector !== undefined;
  if (!isHeadless || at === undefined || at === before?.metadata.annotations?.[triggerTimeAnnotation]) return undefined;
  const atMs = Date.parse(at);
  return Number.isNaN(atMs) ? undefined : Math.max(0, nowMs - atMs) / 1000;
}
