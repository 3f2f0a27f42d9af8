/** How an answer is to be written. */
export type Format = 'json' | 'yaml' | 'protobuf';
/** What of it: the object, the printed rows of it, or only its metadata. */
export type View = 'object' | 'table' | 'metadata';

export interface Representation {
  readonly format: Format;
  readonly view: View;
  /** Version of meta.k8s.io that a table or metadata answer names. */
  readonly metaVersion: 'v1' | 'v1beta1';
  /** What metadata were asked of; only that can be answered so. */
  readonly metadataOf?: 'object' | 'list';
  /** Content-Type of the answer. */
  readonly contentType: string;
  /** Indented: `application/json;pretty=1`. */
  readonly isPretty?: true;
}

export const JSON_OBJECT: Representation = { format: 'json', view: 'object', metaVersion: 'v1', contentType: 'application/json' };

export interface Acceptable {
  readonly formats: readonly Format[];
  readonly views: readonly View[];
  /** What there is in protobuf. Default: all but rows, for which there are no messages. */
  readonly inProtobuf?: readonly View[];
}

const IN_PROTOBUF: readonly View[] = ['object', 'metadata'];

/** One thing that a client would take. */
export interface AcceptClause {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

const FORMAT_OF: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
/** By format: what an answer in it is called. */
export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};
const VIEW_OF: Readonly<Record<string, View>> = { Table: 'table', PartialObjectMetadata: 'metadata', PartialObjectMetadataList: 'metadata' };

function clause(text: string): AcceptClause {
  const [type = '', ...rest] = text.split(';');
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const at = parameter.indexOf('=');
    if (at > 0) parameters[parameter.slice(0, at).trim().toLowerCase()] = parameter.slice(at + 1).trim().replace(/^"|"$/g, '');
  }
  const quality = Number(parameters['q'] ?? '1');
  return { type: type.trim().toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 1 };
}

function representationFor({ type, parameters }: AcceptClause, acceptable: Acceptable): Representation | undefined {
  const format = FORMAT_OF[type];
  if (format === undefined || !acceptable.formats.includes(format)) return undefined;
  const as = parameters['as'];
  const isWritten = (view: View): boolean => acceptable.views.includes(view) && (format !== 'protobuf' || (acceptable.inProtobuf ?? IN_PROTOBUF).includes(view));
  const pretty = parameters['pretty'] === '1' ? { isPretty: true as const } : {};
  // A group or version of no kind is a transformation to nothing.
  if (as === undefined && (parameters['g'] ?? parameters['v']) !== undefined) return undefined;
  if (as === undefined) return isWritten('object') ? { ...JSON_OBJECT, format, contentType: CONTENT_TYPE[format], ...pretty } : undefined;
  const view = VIEW_OF[as];
  const metaVersion = parameters['v'] ?? 'v1';
  if (view === undefined || !isWritten(view)) return undefined;
  if ((parameters['g'] ?? 'meta.k8s.io') !== 'meta.k8s.io' || (metaVersion !== 'v1' && metaVersion !== 'v1beta1')) return undefined;
  return { format, view, metaVersion, ...(view === 'metadata' ? { metadataOf: as === 'PartialObjectMetadata' ? 'object' : 'list' } : {}), contentType: CONTENT_TYPE[format], ...pretty };
}

/** The format that a media type, or a wildcard, asks for. */
export const formatOf = (type: string): Format | undefined => FORMAT_OF[type];

/** What a client would take, what it likes best first. */
export function acceptClauses(accept: string): AcceptClause[] {
  return accept.split(',').map(clause).filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
}

/**
 * Chooses a representation for an `Accept` header; undefined means 406. The client's order and weights decide, with one
 * exception: JSON is the form objects are kept in, so where protobuf and JSON are equally welcome for whole objects, JSON it is. Upstream
 * takes what stands first, and keeps objects in protobuf. Metadata are little in either form, and Go's metadata client sees the items of
 * a list as it sees the object alone only in protobuf, which names no kind of an item.
 */
export function negotiate(accept: string | undefined, acceptable: Acceptable): Representation | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return JSON_OBJECT;
  const offers: (Representation & { readonly quality: number })[] = [];
  for (const one of acceptClauses(accept)) {
    const offer = representationFor(one, acceptable);
    if (offer) offers.push({ ...offer, quality: one.quality });
  }
  const [first] = offers;
  const chosen = first?.format === 'protobuf' && first.view === 'object' ? offers.find(({ format, view, quality }) => format === 'json' && view === first.view && quality === first.quality) ?? first : first;
  if (!chosen) return undefined;
  const { quality: _quality, ...representation } = chosen;
  return representation;
}

const CACHE_LIMIT = 500;

/** `negotiate` with memory: clients send the same few headers over and over. */
export class Negotiator {
  private readonly known = new Map<string, Representation | undefined>();

  constructor(private readonly acceptable: Acceptable) {}

  negotiate(accept: string | undefined): Representation | undefined {
    if (accept === undefined || accept === 'application/json') return JSON_OBJECT;
    const known = this.known.get(accept);
    if (known) return known;
    const chosen = negotiate(accept, this.acceptable);
    // A client may send anything: start over rather than grow.
    if (this.known.size >= CACHE_LIMIT) this.known.clear();
    this.known.set(accept, chosen);
    return chosen;
  }

  /** Media types, as the message of a 406 lists them. */
  get mediaTypes(): string[] {
    return this.acceptable.formats.map((format) => CONTENT_TYPE[format]);
  }
}
