import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { resourcev1alpha3 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { validateConditions } from '../validation/conditions';
import { contentRules } from '../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable } from '../validation/rules';
import { validateDriver, validatePoolName } from './device-names';

type Request = Loose<resourcev1alpha3.ResourcePoolStatusRequest>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const maxPools = 1000;

function validatePool(pool: Loose<resourcev1alpha3.PoolStatus>, path: FieldPath, found: Findings): void {
  validateDriver(pool.driver, path.child('driver'), found);
  validatePoolName(pool.poolName, path.child('poolName'), found);
  if (pool.nodeName) dnsSubdomain(pool.nodeName, path.child('nodeName'), found);
  for (const field of ['totalDevices', 'allocatedDevices', 'availableDevices', 'unavailableDevices', 'generation'] as const) {
    const count = pool[field];
    if (count !== undefined && count < 0) found.push(fieldErrors.invalid(path.child(field), count, 'must be non-negative'));
  }
  const slices = pool.resourceSliceCount;
  if (slices !== undefined && slices < 1) found.push(fieldErrors.invalid(path.child('resourceSliceCount'), slices, 'must be at least 1'));
}

/** A question about pools of devices, which is answered once. Mirrors pkg/apis/resource/validation. */
export const poolStatusRequestValidation = contentRules<Request>({
  content({ spec = {} }, old) {
    const found: Findings = [];
    if (old !== undefined) return found;
    const { driver = '', poolName, limit } = spec;
    if (driver === '') found.push(fieldErrors.required(specPath.child('driver'), 'driver name is required'));
    else validateDriver(driver, specPath.child('driver'), found);
    if (poolName === '') found.push(fieldErrors.invalid(specPath.child('poolName'), poolName, 'must not be empty when specified'));
    else if (poolName !== undefined) validatePoolName(poolName, specPath.child('poolName'), found);
    if (limit !== undefined && limit < 1) found.push(fieldErrors.invalid(specPath.child('limit'), limit, 'must be at least 1'));
    if (limit !== undefined && limit > maxPools) found.push(fieldErrors.invalid(specPath.child('limit'), limit, `must not exceed ${maxPools}`));
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    immutable(spec, old, specPath, found);
    return found;
  },
  status({ status = {} }, { status: old }) {
    const found: Findings = [];
    if (!semanticEqual(old, {})) {
      immutable(status, old, statusPath, found);
      return found;
    }
    list(status.pools).forEach((pool, i) => validatePool(pool, statusPath.child('pools').index(i), found));
    validateConditions(status.conditions, statusPath.child('conditions'), found);
    if (status.poolCount !== undefined && status.poolCount < 0) found.push(fieldErrors.invalid(statusPath.child('poolCount'), status.poolCount, 'must be non-negative'));
    return found;
  },
});
