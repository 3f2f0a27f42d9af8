import { applyConflict, causeTypes, type ApiError } from '../errors';
import { goQuote } from '../text/go-quote';
import { compareStrings } from '../text/compare-strings';
import { type FieldSet } from './field-set';
import { type Manager } from './managed-fields';
import { formatPath } from './path-element';

/** Fields of one manager that an apply would take from it. */
export interface ManagerConflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

/** The answer to an apply that must not take fields: names each one and its owner. */
export function conflictError(conflicts: readonly ManagerConflict[]): ApiError {
  const found = conflicts.flatMap(({ manager, fields }) => [...fields.paths()].map((path) => ({ owner: formatManager(manager), path: formatPath(path) })));
  const causes = found.map(({ owner, path }) => ({ reason: causeTypes.fieldManagerConflict, message: `conflict with ${owner}`, field: path }));
  const [first] = found;
  if (found.length === 1 && first) return applyConflict(causes, `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.path}`);
  const owners = [...new Set(found.map(({ owner }) => owner))].sort(compareStrings);
  const parts = owners.map((owner) => `conflicts with ${owner}:\n${found.filter((each) => each.owner === owner).map(({ path }) => `- ${path}`).join('\n')}`);
  return applyConflict(causes, `Apply failed with ${found.length} conflicts: ${parts.join('\n')}`);
}

function formatManager({ name, operation, apiVersion, subresource }: Manager): string {
  const who = subresource === '' ? goQuote(name) : `${goQuote(name)} with subresource ${goQuote(subresource)}`;
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}
