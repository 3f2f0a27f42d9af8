import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings, qualifiedName } from '../validation/rules';

/** The strategy of the system itself for who should lead. */
export const oldestEmulationVersion = 'OldestEmulationVersion';

/** One of the system's own, or somebody's by a qualified name. Upstream's path names the field twice. */
export function validateLeaseStrategy(strategy: string, field: FieldPath, found: Findings): void {
  const at = field.child('strategy');
  if (strategy.includes('/')) qualifiedName(strategy, at, found);
  else if (strategy !== oldestEmulationVersion) found.push(fieldErrors.notSupported(at, strategy, [oldestEmulationVersion]));
}
