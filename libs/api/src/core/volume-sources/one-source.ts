import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from '../../validation/rules';

/** Where upstream reports a source under another name than its field's: what is in it, or that it is one too many. */
const contentNames: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' };
const extraNames: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

/** By what the object has, which is little beside what it might have. */
function kindsIn<K extends string>(given: Readonly<Record<string, unknown>>, order: readonly K[]): K[] {
  const kinds = (Object.keys(given) as K[]).filter((name) => given[name] && order.includes(name));
  return kinds.length < 2 ? kinds : kinds.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** Has the first of the sources looked into, and refuses the rest. `order` is the one in which upstream looks. */
export function validateOneSource<K extends string>(given: object, order: readonly K[], path: FieldPath, found: Findings, check: (kind: K, path: FieldPath) => void): void {
  const [first, ...more] = kindsIn(given as Readonly<Record<string, unknown>>, order);
  if (first === undefined) {
    found.push(fieldErrors.required(path, 'must specify a volume type'));
    return;
  }
  check(first, path.child(contentNames[first] ?? first));
  for (const kind of more) found.push(fieldErrors.forbidden(path.child(extraNames[kind] ?? kind), 'may not specify more than 1 volume type'));
}
