/** A name such as `nginx`, `registry:5000/team/app:1.2` or `app@sha256:…`, taken apart. */
export interface ImageReference {
  /** With the default registry and its `library/` filled in: `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const domainPart = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$|^\[[a-fA-F0-9:]+\](?::\d+)?$/;
const pathPart = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Parses a reference; throws an Error with the reference library's text, which API messages show. */
export function parseImageReference(image: string): ImageReference {
  const invalid = (why: string): Error => new Error(`couldn't parse image name "${image}": ${why}`);
  if (/^[a-f0-9]{64}$/.test(image)) throw invalid(`invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`);
  const [beforeDigest = '', digest, ...more] = image.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) throw invalid('invalid reference format');
  const slash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', slash + 1);
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1);
  const { domain, path } = splitDomain(name);
  if (path.toLowerCase() !== path) throw invalid('invalid reference format: repository name ' + `(${path}) must be lowercase`);
  const valid = domainPart.test(domain) && path.split('/').every((part) => pathPart.test(part)) && (tag === undefined || tagPattern.test(tag));
  if (!valid) throw invalid('invalid reference format');
  return { repository: `${domain}/${path}`, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The name with `:latest` when it has neither tag nor digest; otherwise as written. */
export function withDefaultTag(image: string): string {
  const { tag, digest } = parseImageReference(image);
  return tag === undefined && digest === undefined ? `${image}:latest` : image;
}

/** Where an image is from; undefined for a name that is none, as runtimes have for what lost its own. */
export function repositoryOf(image: string): string | undefined {
  try {
    return parseImageReference(image).repository;
  } catch {
    return undefined;
  }
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const domain = isDomain ? first : 'docker.io';
  const rest = isDomain ? name.slice(slash + 1) : name;
  if (domain === 'index.docker.io') return splitDomain(`docker.io/${rest}`);
  return { domain, path: domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest };
}
