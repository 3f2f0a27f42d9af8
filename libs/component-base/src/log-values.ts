const HIDDEN = '[redacted]';
const SECRET_FIELD = /^(password|passwd|token|bearer|authorization|cookie|secret|clientsecret|privatekey|seed|nkeyseed|credentials|creds|stringdata|jwt)$/i;
/** Deeper values are not worth a log line. */
const DEPTH = 5;
const LONGEST_LIST = 50;

/** What pino writes for the fields of one line: API objects by reference, secrets hidden, errors with their causes. */
export function presentForLog(fields: Record<string, unknown>): Record<string, unknown> {
  return presentFields(fields, 0);
}

function presentFields(fields: object, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    out[name] = SECRET_FIELD.test(name.replaceAll(/[-_]/g, '')) && value !== undefined ? HIDDEN : present(value, depth + 1);
  }
  return out;
}

function present(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Error) return describeError(value);
  const reference = objectReference(value);
  if (reference) return reference;
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (depth >= DEPTH) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) {
    const shown = value.slice(0, LONGEST_LIST).map((item: unknown) => present(item, depth + 1));
    return value.length > LONGEST_LIST ? [...shown, `… ${value.length - LONGEST_LIST} more`] : shown;
  }
  if (value instanceof Map) return present(Object.fromEntries(value), depth);
  if (value instanceof Set) return present([...value], depth);
  return presentFields(value, depth);
}

/** Kind, namespace, name and uid, if the value looks like an API object: it has metadata with a name. */
function objectReference(value: object): Record<string, unknown> | undefined {
  const { kind, metadata } = value as { kind?: unknown; metadata?: unknown };
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { namespace, name, generateName, uid } = metadata as Record<string, unknown>;
  if (typeof name !== 'string' && typeof generateName !== 'string') return undefined;
  return { kind, namespace, name: name ?? generateName, uid };
}

/** An error with its chain of causes, and nothing else that hangs on it (gRPC errors carry whole calls). */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' && error !== null ? present(error, 1) : error;
  return { ...summary(error), stack: error.stack, ...causes(error.cause, 0) };
}

function summary(error: Error): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  return { type: error.name, message: error.message, ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}) };
}

function causes(cause: unknown, depth: number): Record<string, unknown> {
  if (cause === undefined || depth > DEPTH) return {};
  if (!(cause instanceof Error)) return { cause: present(cause, DEPTH - 1) };
  return { cause: { ...summary(cause), ...causes(cause.cause, depth + 1) } };
}
