import { formatLabelSelector, type LabelSelector } from '@navarch/apimachinery';
import type { corev1, metav1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type Column, wideColumn } from './printer';

export const none = '<none>';
export const unset = '<unset>';
export const unknown = '<unknown>';

export const joined = (items: readonly (string | undefined)[], separator = ','): string => items.filter((item) => item !== undefined).join(separator);

/** `a=b,c=d`, in order of keys. */
export function formatLabels(labels: Loose<Record<string, string>> | undefined): string {
  const parts = Object.entries(labels ?? {}).map(([key, value = '']) => `${key}=${value}`);
  return parts.length === 0 ? none : parts.sort().join(',');
}

/** At most three of many, and how many more there are. */
export function firstFew(items: readonly string[], max = 3, separator = ','): string {
  const shown = items.slice(0, max).join(separator);
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}

export const formatSelector = (selector: Loose<metav1.LabelSelector> | undefined): string =>
  selector === undefined ? none : formatLabelSelector(selector as LabelSelector);

type Containers = readonly Loose<corev1.Container>[] | undefined;

/** The wide columns of everything that makes pods. */
export function containerColumns<T>(containers: (object: T) => Containers): Column<T>[] {
  return [
    wideColumn('Containers', (object) => joined(list(containers(object)).map(({ name }) => name))),
    wideColumn('Images', (object) => joined(list(containers(object)).map(({ image = '' }) => image))),
  ];
}
