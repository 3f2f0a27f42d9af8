import { exactJsonText } from '@navarch/apimachinery';
import { semanticEqual } from '../support/semantic-equal';

/** Where two values differ, a line for each: `  spec.nodeName: "a" -> "b"`. */
export function describeDifference(old: unknown, next: unknown, path = ''): string {
  if (semanticEqual(old, next)) return '';
  const bothObjects = typeof old === 'object' && typeof next === 'object' && old !== null && next !== null;
  if (!bothObjects || Array.isArray(old) !== Array.isArray(next)) return `  ${path}: ${exactJsonText(old) as string | undefined ?? 'nil'} -> ${exactJsonText(next) as string | undefined ?? 'nil'}\n`;
  const [before, after] = [old as Record<string, unknown>, next as Record<string, unknown>];
  const step = (key: string): string => (Array.isArray(old) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].map((key) => describeDifference(before[key], after[key], step(key))).join('');
}
