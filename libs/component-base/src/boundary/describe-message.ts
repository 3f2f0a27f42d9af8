/** Fields whose values open something. */
const secretField = /token|jwt|seed|password|secret|authorization|^auth$|key$/i;
/** Fields whose values may hold a secret that somebody wrote or Kubernetes filled in: command lines (`--password=$(PASSWORD)`), environments, annotations, what CSI drivers are told. */
const filledField = /^(command|args|cmd|envs?|annotations|secrets|volumeContext|publishContext)$/;
/** One-time addresses, such as CRI's for exec: who has one gets in. */
const addressField = /url$/i;
const depth = 8;
const listLength = 5;
const textLength = 200;

interface Named {
  readonly kind?: string;
  readonly metadata?: { readonly namespace?: string; readonly name?: string; readonly resourceVersion?: string };
}

/**
 * What of a message people may see: its shape, with API objects as references and bytes as lengths. No content of an object is shown, so that no
 * secret is: whoever may read objects has kubectl for it.
 */
export function describeMessage(value: unknown, level = 0): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return value.length > textLength ? `${value.slice(0, textLength)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return describeBytes(value);
  if (level >= depth) return '…';
  if (Array.isArray(value)) return [...value.slice(0, listLength).map((item) => describeMessage(item, level + 1)), ...(value.length > listLength ? [`… ${value.length} in all`] : [])];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined && field !== '' && !(field instanceof Uint8Array && field.length === 0))
      .map(([name, field]) => [name, describeField(name, field, level + 1)]),
  );
}

function describeField(name: string, field: unknown, level: number): unknown {
  if (isSecret(name, field)) return '(hidden)';
  if (filledField.test(name) && typeof field === 'object' && field !== null) return `(${Object.keys(field).length} hidden)`;
  if (addressField.test(name) && typeof field === 'string') return withoutPath(field);
  return describeMessage(field, level);
}

function withoutPath(address: string): string {
  if (!URL.canParse(address)) return '(hidden)';
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}/…`;
}

/** A field named `key` that holds a message is an object's key, which is no secret. */
const isSecret = (name: string, field: unknown): boolean => secretField.test(name) && (typeof field !== 'object' || field instanceof Uint8Array);

function describeBytes(bytes: Uint8Array): string {
  return referenceIn(bytes) ?? `${bytes.length} bytes`;
}

/** `Pod default/web v=17 (2710 bytes)` of an API object as JSON. */
function referenceIn(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    const { kind, metadata } = JSON.parse(Buffer.from(bytes).toString()) as Named;
    if (metadata === undefined) return undefined;
    const name = [metadata.namespace, metadata.name].filter((part) => part !== undefined && part !== '').join('/');
    return `${kind === undefined ? '' : `${kind} `}${name}${metadata.resourceVersion === undefined ? '' : ` v=${metadata.resourceVersion}`} (${bytes.length} bytes)`;
  } catch {
    return undefined; // bytes that only begin like JSON
  }
}
