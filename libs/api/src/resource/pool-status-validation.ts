import { dns1123SubdomainMessages, dnsSubdomainMaxLength, fieldErrors, FieldPath, maxBytesMessage } from '@navarch/apimachinery';
import type { resourcev1alpha3 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { validateConditions } from '../validation/conditions';
import { contentRules } from '../validation/kind-validation';
import { declaredImmutable, type Findings, immutable, inRange, present, refuse } from '../validation/rules';

type Request = Loose<resourcev1alpha3.ResourcePoolStatusRequest>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const maxPools = 1000;

const maxConditions = 10;
const maxError = 256;

/** A driver's name is a domain, in whatever case. */
function validateDriver(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  const form =
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'Example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  refuse(dns1123SubdomainMessages(name.toLowerCase(), maxBytesMessage).map((message) => (message.startsWith('must be no more') ? message : form)), name, path, found);
}

function validatePoolName(name: string, path: FieldPath, found: Findings): void {
  if (Buffer.byteLength(name) > dnsSubdomainMaxLength) found.push(fieldErrors.tooLong(path, dnsSubdomainMaxLength));
  name.split('/').forEach((part, i) => {
    if (part === '') found.push(fieldErrors.invalid(path, name, `segment ${i}: must not be empty`));
    else refuse(dns1123SubdomainMessages(part, maxBytesMessage).map((message) => `segment ${i}: ${message}`), part, path, found);
  });
}

function validatePool(pool: Loose<resourcev1alpha3.PoolStatus>, path: FieldPath, found: Findings): void {
  validateDriver(pool.driver, path.child('driver'), found);
  if (present(pool.poolName, path.child('poolName'), found)) validatePoolName(pool.poolName, path.child('poolName'), found);
  if (pool.nodeName !== undefined) refuse(dns1123SubdomainMessages(pool.nodeName, maxBytesMessage), pool.nodeName, path.child('nodeName'), found);
  if (!pool.generation) found.push(fieldErrors.required(path.child('generation')));
  for (const field of ['totalDevices', 'allocatedDevices', 'availableDevices', 'unavailableDevices', 'generation'] as const) inRange(pool[field], 0, Infinity, path.child(field), found);
  inRange(pool.resourceSliceCount, 1, Infinity, path.child('resourceSliceCount'), found);
  if (Buffer.byteLength(pool.validationError ?? '') > maxError) found.push(fieldErrors.tooLong(path.child('validationError'), maxError));
}

/** A question about pools of devices, which is answered once. The rules are declared in upstream's types: staging/src/k8s.io/api/resource/v1alpha3/types.go. */
export const poolStatusRequestValidation = contentRules<Request>({
  content({ spec = {} }, old) {
    const found: Findings = [];
    if (old !== undefined) return found;
    validateDriver(spec.driver, specPath.child('driver'), found);
    if (spec.poolName !== undefined) validatePoolName(spec.poolName, specPath.child('poolName'), found);
    inRange(spec.limit, 1, maxPools, specPath.child('limit'), found);
    return found;
  },
  change({ spec }, { spec: old }) {
    return semanticEqual(spec, old) ? [] : [declaredImmutable(specPath)];
  },
  status({ status = {} }, { status: old }) {
    const found: Findings = [];
    if (!semanticEqual(old, {})) {
      immutable(status, old, statusPath, found);
      return found;
    }
    // Not answered yet: here a new request has an empty status, where upstream's has none.
    if (semanticEqual(status, {})) return found;
    const pools = list(status.pools);
    if (pools.length > maxPools) found.push(fieldErrors.tooMany(statusPath.child('pools'), pools.length, maxPools));
    else pools.forEach((pool, i) => validatePool(pool, statusPath.child('pools').index(i), found));
    const conditions = list(status.conditions);
    if (conditions.length > maxConditions) found.push(fieldErrors.tooMany(statusPath.child('conditions'), conditions.length, maxConditions));
    validateConditions(conditions, statusPath.child('conditions'), found);
    if (status.poolCount === undefined) found.push(fieldErrors.required(statusPath.child('poolCount')));
    inRange(status.poolCount, 0, Infinity, statusPath.child('poolCount'), found);
    return found;
  },
});
