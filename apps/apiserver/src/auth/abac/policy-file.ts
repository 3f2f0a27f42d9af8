import { isJsonObject, type JsonObject, parseJson } from '@navarch/apimachinery';

/** One line of an ABAC policy file, as upstream's pkg/apis/abac has it inside. `*` stands for anything; an empty text only for an empty one. */
export interface AbacPolicy {
  readonly user: string;
  readonly group: string;
  readonly readonly: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace: string;
  readonly nonResourcePath: string;
}

const API_VERSION = 'abac.authorization.kubernetes.io/v1beta1';
const FORMER = 'abac.authorization.kubernetes.io/v0';
const AUTHENTICATED = 'system:authenticated';

const goNames = { string: 'string', boolean: 'bool' };

/** A member, or what Go has where there is none. @throws for what is of another type, in the words of Go's decoder */
function scalar<T extends string | boolean>(of: JsonObject, name: string, zero: T): T {
  const value = of[name] ?? zero;
  if (typeof value !== typeof zero) throw new Error(`json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go struct field Policy.${name} of type ${goNames[typeof zero as keyof typeof goNames]}`);
  return value as T;
}

const text = (of: JsonObject, name: string): string => scalar(of, name, '');
const truth = (of: JsonObject, name: string): boolean => scalar(of, name, false);

/** Everybody is everybody who is known: who names all users or groups does not let in who has not said who it is. */
const knownOnly = <T extends { user: string; group: string }>(policy: T): T => (policy.user === '*' || policy.group === '*' ? { ...policy, user: '', group: AUTHENTICATED } : policy);

const current = (spec: JsonObject): AbacPolicy => knownOnly({
  user: text(spec, 'user'), group: text(spec, 'group'), readonly: truth(spec, 'readonly'), apiGroup: text(spec, 'apiGroup'), resource: text(spec, 'resource'),
  namespace: text(spec, 'namespace'), nonResourcePath: text(spec, 'nonResourcePath'),
});

/** The form of before there were versions: what is left out there is everything. */
function former(line: JsonObject): AbacPolicy {
  const [user, group, resource, namespace] = [text(line, 'user'), text(line, 'group'), text(line, 'resource'), text(line, 'namespace')];
  const anybody = user === '' && group === '';
  return knownOnly({
    user, group: anybody ? AUTHENTICATED : group, readonly: truth(line, 'readonly'), apiGroup: '*', resource: resource === '' ? '*' : resource, namespace: namespace === '' ? '*' : namespace,
    nonResourcePath: resource === '' && namespace === '' ? '*' : '',
  });
}

function policyOf(line: string): AbacPolicy {
  const value = parseJson(line);
  if (!isJsonObject(value)) throw new Error('json: cannot unmarshal a value that is no object into Go value of type abac.Policy');
  const [apiVersion, kind] = [text(value, 'apiVersion'), text(value, 'kind')];
  if ((apiVersion === '' && kind === '') || (apiVersion === FORMER && kind === 'Policy')) return former(value);
  if (apiVersion !== API_VERSION || kind !== 'Policy') throw new Error(`no kind "${kind}" is registered for version "${apiVersion}"`);
  const spec = value['spec'] ?? {};
  if (!isJsonObject(spec)) throw new Error('json: cannot unmarshal a value that is no object into Go struct field Policy.spec of type v1beta1.PolicySpec');
  return current(spec);
}

/** Reads a policy file: an object a line; empty lines and those that begin with # are skipped. Mirrors pkg/auth/authorizer/abac. @throws with the number of the line that is wrong */
export function parsePolicyFile(content: string, path: string): AbacPolicy[] {
  return content.split(/\r?\n/).flatMap((line, i) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return [policyOf(line)];
    } catch (error) {
      throw new Error(`error reading policy file ${path}, line ${i + 1}: ${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  });
}
