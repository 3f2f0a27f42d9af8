import type { admissionregistrationv1 } from '../gen';
import { list } from '../support/list';
import type { Loose } from '../support/loose';
import { isFaulty } from '../validation/selector-faults';

export type Webhook = Loose<admissionregistrationv1.MutatingWebhook>;

export const reviewVersions: readonly string[] = ['v1', 'v1beta1'];
export const harmless: readonly string[] = ['None', 'NoneOnDryRun'];
export const selectorFields = ['namespaceSelector', 'objectSelector'] as const;

/** What an update may keep though today's rules refuse it: webhooks that were stored before may have it. */
export interface Tolerated {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly repeatedNames: boolean;
  readonly labelValues: boolean;
}

const isUnknown = (versions: readonly string[]): boolean => versions.length > 0 && !versions.some((version) => reviewVersions.includes(version));
const hasFaults = (webhook: Webhook): boolean => selectorFields.some((field) => isFaulty(webhook[field]));

/** By the webhooks that are stored, as upstream's `ValidateMutatingWebhookConfigurationUpdate`. */
export function toleratedOf(stored: readonly Webhook[]): Tolerated {
  const names = stored.map(({ name = '' }) => name);
  return {
    sideEffects: stored.some(({ sideEffects = '' }) => !harmless.includes(sideEffects)),
    reviewVersions: stored.some(({ admissionReviewVersions }) => isUnknown(list(admissionReviewVersions))),
    repeatedNames: new Set(names).size < names.length,
    labelValues: stored.some(hasFaults),
  };
}
