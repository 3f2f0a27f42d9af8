/** What may be shown of a message: words that open nothing, or how much there is. */
type Shown = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const select = (from: Fields, names: readonly string[], show: (value: unknown) => unknown): Shown =>
  Object.fromEntries(names.map((name): [string, unknown] => [name, show(from[name])]).filter(([, shown]) => shown !== undefined));

const asAsked = (from: Fields, ...names: readonly string[]): Shown => select(from, names, (value) => value ?? undefined);
/** Of an answer, whose texts a webhook has made up: they may repeat what it was shown. */
const asDecided = (from: Fields, ...names: readonly string[]): Shown => select(from, names, (value) => (typeof value === 'boolean' || typeof value === 'number' ? value : undefined));
const counts = (from: Fields, ...names: readonly string[]): Shown => select(from, names, (value) => (Array.isArray(value) ? value.length : undefined));
const lengths = (from: Fields, ...names: readonly string[]): Shown =>
  select(from, names, (value) => (value === undefined || value === null || value === '' ? undefined : `${Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value))} bytes`));

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** By which a question and its answer are known to belong together. */
const uidOf = (...messages: readonly Fields[]): Shown => {
  const uid = messages.map((message) => message['uid']).find((found) => typeof found === 'string' && uuid.test(found));
  return uid === undefined ? {} : { uid };
};

/** `apps/v1 deployments/scale` of what an admission request is about. */
function resourceOf({ resource, subResource }: Fields): Shown {
  const { group, version, resource: name } = fieldsOf(resource);
  if (typeof name !== 'string') return {};
  const groupVersion = [group, version].filter((part) => typeof part === 'string' && part !== '').join('/');
  return { resource: `${groupVersion} ${name}${typeof subResource === 'string' && subResource !== '' ? `/${subResource}` : ''}` };
}

/** What is shown of each kind of message, whichever way it goes. */
const kinds: Readonly<Record<string, (review: Fields) => Shown>> = {
  AdmissionReview: ({ request, response }) => {
    const [asked, answered] = [fieldsOf(request), fieldsOf(response)];
    const about = {
      ...asAsked(asked, 'operation'),
      ...resourceOf(asked),
      ...asAsked(asked, 'namespace', 'name', 'dryRun'),
      ...asAsked(fieldsOf(asked['userInfo']), 'username'),
      ...lengths(asked, 'object', 'oldObject'),
    };
    return {
      ...uidOf(asked, answered),
      ...about,
      ...asDecided(answered, 'allowed'),
      ...asDecided(fieldsOf(answered['status']), 'code'),
      ...lengths(answered, 'patch'),
      ...counts(answered, 'warnings'),
    };
  },
  ConversionReview: ({ request, response }) => {
    const [asked, answered] = [fieldsOf(request), fieldsOf(response)];
    return { ...uidOf(asked, answered), ...asAsked(asked, 'desiredAPIVersion'), ...counts(asked, 'objects'), ...counts(answered, 'convertedObjects') };
  },
  SubjectAccessReview: ({ spec, status }) => ({ ...asAsked(fieldsOf(spec), 'user', 'groups', 'resourceAttributes', 'nonResourceAttributes'), ...asDecided(fieldsOf(status), 'allowed', 'denied') }),
  TokenReview: ({ spec, status }) => ({
    ...select(fieldsOf(spec), ['token'], (token) => (token === undefined ? undefined : '(hidden)')), ...asDecided(fieldsOf(status), 'authenticated'), ...asAsked(fieldsOf(fieldsOf(status)['user']), 'username'),
  }),
  ImageReview: ({ spec, status }) => ({ ...asAsked(fieldsOf(spec), 'namespace'), ...counts(fieldsOf(spec), 'containers'), ...asDecided(fieldsOf(status), 'allowed') }),
  EventList: (list) => counts(list, 'items'),
};

/**
 * What of a message to or from a webhook people may see: who, about what, and how it was decided; objects as lengths, tokens not at all.
 * Undefined: of a kind that is not known, or no JSON.
 */
export function describeReview(body: string): Shown | undefined {
  let review: Fields;
  try {
    review = fieldsOf(JSON.parse(body));
  } catch {
    return undefined; // whoever reads the answer says what is wrong with it
  }
  const kind = String(review['kind']);
  const describe = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return describe && { kind, ...describe(review) };
}
