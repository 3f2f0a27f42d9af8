import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import { type Loose } from '../support/loose';
import { type Findings, nonNegative } from './rules';

const statusPath = FieldPath.of('status');

type WithStatus = Loose<{ status: object }>;
const numbersOf = ({ status = {} }: WithStatus): Readonly<Record<string, number | undefined>> => status as Readonly<Record<string, number | undefined>>;

/** How many there are of something, none of them fewer than none. */
export const counts = (...fields: string[]) => (object: WithStatus, old: WithStatus): Findings => {
  const found: Findings = [];
  const status = numbersOf(object);
  for (const field of fields) nonNegative(status[field], statusPath.child(field), found);
  // Names already used must not be tried again.
  const [now, before] = [status['collisionCount'], numbersOf(old)['collisionCount']];
  if (before !== undefined && (now === undefined || now < before)) found.push(fieldErrors.invalid(statusPath.child('collisionCount'), now ?? 0, 'cannot be decremented'));
  return found;
};

/** Fewer pods are ready than there are, and fewer available than ready. */
export function replicaCounts(fields: readonly string[], readyReplicas = 'readyReplicas'): (object: WithStatus, old: WithStatus) => Findings {
  const check = counts('replicas', ...fields, 'unavailableReplicas', 'observedGeneration', 'collisionCount');
  return (object, old) => {
    const found = check(object, old);
    const status = (object.status ?? {}) as Readonly<Record<string, number | undefined>>;
    for (const field of fields)
      if ((status[field] ?? 0) > (status['replicas'] ?? 0)) found.push(fieldErrors.invalid(statusPath.child(field), status[field] ?? 0, 'cannot be greater than status.replicas'));
    if ((status['availableReplicas'] ?? 0) > (status['readyReplicas'] ?? 0))
      found.push(fieldErrors.invalid(statusPath.child('availableReplicas'), status['availableReplicas'] ?? 0, `cannot be greater than ${readyReplicas}`));
    return found;
  };
}
