import { list } from '../../support/list';

const short: readonly (readonly [mode: string, text: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** `RWO,ROX`: each once, in a fixed order. */
export function formatAccessModes(modes: readonly string[] | undefined): string {
  const given = new Set(list(modes));
  return short.flatMap(([mode, text]) => (given.has(mode) ? [text] : [])).join(',');
}
