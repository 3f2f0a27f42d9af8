/** How a z-page is to be written: for people, or as an object of config.k8s.io. */
export type ZPageForm = { readonly format: 'text' } | { readonly format: 'json' | 'yaml'; readonly version: string };

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** Of the two versions that there are, the one that is not deprecated. */
export const LATEST = 'v1beta1';
const VERSIONS = [LATEST, 'v1alpha1'];
const OFFERS = [['application', 'json', 'json'], ['application', 'yaml', 'yaml'], ['text', 'plain', 'text']] as const;

/** Media types, as the message of a 406 lists them. */
export const zPageTypes: readonly string[] = OFFERS.map(([type, subtype]) => `${type}/${subtype}`);

/**
 * Chooses the form of a z-page for an `Accept` header; undefined means 406. Text is for who asks for nothing in particular; the object of `kind` only for
 * who names group, version and kind (`application/json;g=config.k8s.io;v=v1beta1;as=Statusz`). Upstream: apiserver/pkg/server/{statusz,flagz}/negotiate.
 */
export function zPageForm(accept: string | undefined, kind: string): ZPageForm | undefined {
  if (accept === undefined || accept.trim() === '') return { format: 'text' };
  const clauses = accept.split(',').map(clauseOf).filter(({ quality }) => quality > 0);
  // Sorting is stable: among equals the client's order counts, but a wildcard only after what is named.
  clauses.sort((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b));
  for (const clause of clauses) {
    for (const [type, subtype, format] of OFFERS) {
      if ((clause.type !== type || (clause.subtype !== subtype && clause.subtype !== '*')) && (clause.type !== '*' || clause.subtype !== '*')) continue;
      const form = formOf(clause, format, kind);
      if (form) return form;
    }
  }
  return undefined;
}

function formOf({ parameters }: Clause, format: ZPageForm['format'], kind: string): ZPageForm | undefined {
  const [group, version, as] = [parameters.get('g'), parameters.get('v'), parameters.get('as')];
  if (format === 'text') return group === undefined && version === undefined && as === undefined ? { format } : undefined;
  return group === 'config.k8s.io' && version !== undefined && VERSIONS.includes(version) && as === kind ? { format, version } : undefined;
}

function clauseOf(text: string): Clause {
  const [media = '', ...rest] = text.split(';');
  const [type = '', subtype = ''] = media.trim().toLowerCase().split('/');
  const parameters = new Map(rest.map((parameter) => {
    const [name = '', value = ''] = parameter.split('=', 2);
    return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, '')];
  }));
  const quality = Number(parameters.get('q') ?? '1');
  return { type, subtype: type === '*' && subtype === '' ? '*' : subtype, parameters, quality: Number.isFinite(quality) ? quality : 1 };
}

const wildcards = ({ type, subtype }: Clause): number => [type, subtype].filter((part) => part === '*').length;
